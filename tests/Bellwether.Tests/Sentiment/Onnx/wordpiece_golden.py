#!/usr/bin/env python3
"""Makes wordpiece_golden.json: texts and the pieces that BERT's tokenizer gives for them, by its rules and Python's own table of Unicode.

Run it from its folder. Nothing of the product is used, so that the two can be compared. The rules are those of the published tokenizer:
control characters (categories C*) and U+FFFD go, blanks (Zs, Zl, Zp, tab, line feed, carriage return) part words, Chinese characters are words,
accents go by form D without Mn, capitals go character by character, punctuation (ASCII's four ranges, and P*) parts words, and a word of at
most 100 characters is taken apart by the longest piece that fits, or is unknown.
"""
import json
import unicodedata

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the profit rose to eur mn from a year earlier shares of fell net sales cafe uber naive resume strasse œuvre ı istanbul i ss ß
beats misses estimate estimates q 3 2 1 0 5 % $ , . - ' " ( ) : ; ! ? / & # @ + * = _ [ ] { } ~ ^ ` | \\ < > … – — ‘ ’ “ ” € £ ¥ 。 ， 、 「 」 （ ） ¿ ¡ « »
金 融 市 場 上 昇 株 가 한 국 ᄒ ᅡ ᆫ ᄀ ᅮ ᆨ 😀 🚀 👍 unaffable up down 10 12 100 ab abc abcd σας σασ αθηνα м о с к в а москва й и ё е 📈
apple nvidia earnings bullish record high caf naïve café Profit Rose Apple The""".split()
REST = "##s ##ed ##ing ##un ##aff ##able ##a ##b ##c ##d ##e ##i ##n ##r ##t ##1 ##0 ##2 ##3 ##5 ##% ##ble ##affa ##x ##ᅡ ##ᆫ ##ᅮ ##ᆨ ##ᄀ ##🚀 ##😀 ##o ##l ##ve ##ive ##é ##É ##S".split()
SINGLE = "u x y z m o l r n t d e s c b a".split()

TEXTS = [
    "", " ", "\t\n\r", "The profit rose to EUR 12.5 mn from EUR 10 mn a year earlier.",
    "Unaffable", "unaffables", "abcd abcde abcdz", "up-down/up&down", "don't 'quote' \"double\"", "$AAPL +3.5% (Q3)",
    "Café CAFÉ cafe\u0301 cafe\u0301\u0308", "Über naïve résumé Straße ŒUVRE œuvre", "İstanbul ISTANBUL ı", "ẞ ß SS",
    "ΑΘΗΝΑ ΣΑΣ σας", "МОСКВА Москва Йод ёлка", "Å \u212B \u2126 \u212A", "\u037e \u1fef \u2024",
    "金融市場", "apple金融up", "株、上昇。「金」", "\uf900\u4e00", "\U00020000x", "한국 가", "\u1112\u1161\u11ab", "カタカナ ひらがな",
    "to the moon 🚀🚀", "🚀😀", "up👍down", "👨\u200d👩\u200d👧", "👍🏽 ❤\ufe0f", "🇫🇮", "1\ufe0f\u20e3",
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u1680u", "a\u200bb a\u00adb a\ufeffb a\u0000b a\ufffdb a\u0007b a\u0085b a\u000bb",
    "\u0300\u0301", "a\u0327\u0301b", "\ue000a", "a\u0378b",
    "a" * 100, "a" * 101, "ab" * 50, "ab" * 51, "é" * 100, "é" * 101, "😀" * 100, "😀" * 101, "𐐀" * 3, "金" * 3 + "a" * 120 + " up",
    "…–—‘’“”€£¥«»¿¡", "a_b [UNK] [CLS] [SEP]", "x^y~z`a|b\\c<d>e=f*g+h#i@j", "100%,2.5;3:1!0?", "unbelievable xyzzy", "up  \t down", "..,,--",
    "\u0958 \u09cb \u0ba4\u0bca \u1e69 \u01d5 \u0390", "e\u0301E\u0301", "Ⅷ ﬁ ½ ²", "ab\u0301c", "\u3099か\u3099", "\U0001d15e \U0001f170", "،؟ ։ ।",
]


def removed(c):
    return ord(c) in (0, 0xFFFD) or (c not in "\t\n\r" and unicodedata.category(c).startswith("C"))


def blank(c):
    return c in " \t\n\r" or unicodedata.category(c) in ("Zs", "Zl", "Zp")


def punctuation(c):
    n = ord(c)
    return 33 <= n <= 47 or 58 <= n <= 64 or 91 <= n <= 96 or 123 <= n <= 126 or unicodedata.category(c).startswith("P")


def chinese(c):
    n = ord(c)
    return any(a <= n <= b for a, b in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


def words(text, lower, strip, cjk):
    clean = "".join(" " if blank(c) else c for c in text if not removed(c))
    if cjk:
        clean = "".join(f" {c} " if chinese(c) else c for c in clean)
    if strip:
        clean = "".join(c for c in unicodedata.normalize("NFD", clean) if unicodedata.category(c) != "Mn")
    if lower:
        clean = "".join(c.lower() for c in clean)
    parted = "".join(f" {c} " if punctuation(c) else c for c in clean)
    return parted.split()


def pieces(word, vocabulary):
    if len(word) > 100:
        return ["[UNK]"]
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                break
        else:
            return ["[UNK]"]
        found.append(piece)
        start = end
    return found


def main():
    vocabulary = list(dict.fromkeys(SPECIAL + WORDS + SINGLE + REST))
    numbers = {piece: i for i, piece in enumerate(vocabulary)}
    sets = []
    for lower, strip, cjk in ((True, True, True), (False, False, True), (True, False, True), (False, True, False)):
        cases = [{"text": t, "ids": [numbers[p] for w in words(t, lower, strip, cjk) for p in pieces(w, numbers)]} for t in TEXTS]
        sets.append({"lower_case": lower, "strip_accents": strip, "split_cjk": cjk, "cases": cases})
    with open("wordpiece_golden.json", "w", encoding="ascii") as out:
        json.dump({"vocabulary": vocabulary, "sets": sets}, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
