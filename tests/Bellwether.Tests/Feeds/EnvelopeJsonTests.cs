using System.Buffers;
using System.Text;
using Bellwether.Feeds;
using FsCheck;
using FsCheck.Fluent;

namespace Bellwether.Tests.Feeds;

public sealed class EnvelopeJsonTests
{
    static readonly Gen<string> Texts = Gen.Elements("a", "Ünïcode", "€", "😀", "\"", "\\", "\n", "\t", "\u0001", "\u2028", "<b>&'", " ",
        "{\"a\":1}", "日本語")
        .ListOf().Select(parts => string.Concat(parts));

    static readonly Gen<EventEnvelope> Envelopes =
        from texts in Texts.ArrayOf(8)
        from ticks in Gen.Choose(0, int.MaxValue)
        from weight in ArbMap.Default.GeneratorFor<NormalFloat>()
        from tickers in Gen.Elements("AAPL", "BRK.B", "T", "0700").ListOf()
        from flags in Gen.Choose(0, 255)
        select new EventEnvelope
        {
            EventId = texts[0],
            ArticleId = texts[1],
            Timestamp = DateTimeOffset.UnixEpoch.AddTicks(ticks * 1_000_003L),
            FetchedAt = DateTimeOffset.UnixEpoch.AddTicks(ticks * 999_983L * 10),
            Source = texts[2],
            SourceUrl = (flags & 1) == 0 ? null : texts[3],
            Type = (EventType)(flags & 3),
            Priority = (Priority)(flags >> 2 & 1),
            Tickers = [.. tickers],
            Weight = weight.Get,
            PremiumTier = texts[4],
            ArticleTitle = (flags & 8) == 0 ? null : texts[5],
            Text = texts[6],
            Author = (flags & 16) == 0
                ? null
                : new EventAuthor
                {
                    Id = texts[0],
                    Username = (flags & 32) == 0 ? null : texts[1],
                    Followers = (flags & 64) == 0 ? null : ticks,
                },
            RawPayload = (flags & 128) == 0 ? null : texts[7],
        };

    [Fact]
    public void Envelope_reads_back_exactly()
    {
        var buffer = new ArrayBufferWriter<byte>();
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000), Prop.ForAll(Envelopes.ToArbitrary(), envelope =>
        {
            var bytes = EnvelopeJson.Serialize(envelope);
            var read = EnvelopeJson.Deserialize(bytes);
            Assert.Equal(envelope.Tickers, read.Tickers);
            Assert.Equal(envelope, read with { Tickers = envelope.Tickers });
            buffer.ResetWrittenCount();
            EnvelopeJson.Serialize(envelope, buffer);
            Assert.Equal(bytes, buffer.WrittenSpan.ToArray());
        }));
    }

    [Fact]
    public void Envelope_is_compact_and_leaves_other_scripts_as_they_are()
    {
        var envelope = new EventEnvelope
        {
            EventId = "e",
            ArticleId = "a",
            Timestamp = DateTimeOffset.UnixEpoch,
            FetchedAt = DateTimeOffset.UnixEpoch,
            Source = "日経",
            Tickers = ["T"],
            Text = "<b>it's 😀 & €</b>",
        };
        Assert.Equal(
            """
            {"schema_version":1,"event_id":"e","article_id":"a","timestamp":"1970-01-01T00:00:00+00:00","source":"日経","type":"news","tickers":["T"],"weight":1,"premium_tier":"standard","priority":"standard","text":"<b>it's 😀 & €</b>","fetched_at":"1970-01-01T00:00:00+00:00"}
            """, Encoding.UTF8.GetString(EnvelopeJson.Serialize(envelope)).Replace("\\uD83D\\uDE00", "😀"));
    }

    [Theory]
    [InlineData("{\"schema_version\":2,\"anything\":true}", "schema_version 2 is outside 1..1")]
    [InlineData("{\"schema_version\":99999999999}", "schema_version")]
    [InlineData("{\"event_id\":\"e\"}", "no schema_version")]
    [InlineData("[]", "no schema_version")]
    [InlineData("{\"schema_version\":1}", "missing required")]
    [InlineData("{\"schema_version\":1,\"type\":\"rumour\"}", "not a readable event envelope")]
    [InlineData("{\"schema_version\":1", "not a readable event envelope")]
    [InlineData("", "not a readable event envelope")]
    [InlineData("null", "no schema_version")]
    public void Bytes_that_are_no_envelope_are_refused_with_the_reason(string json, string expected)
    {
        Assert.False(EnvelopeJson.TryDeserialize(Encoding.UTF8.GetBytes(json), out _, out var problem));
        Assert.Contains(expected, problem);
        Assert.Throws<FormatException>(() => EnvelopeJson.Deserialize(Encoding.UTF8.GetBytes(json)));
    }
}
