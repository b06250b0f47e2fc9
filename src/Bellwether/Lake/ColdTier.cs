using System.Globalization;
using Bellwether.Engines.Postgres;

namespace Bellwether.Lake;

/// <summary>
/// How the private PostgreSQL reads sealed days: by a script of its own user, who may enter neither the data folder nor have the keys of a bucket,
/// and which therefore asks a process of ours (<see cref="ColdTierReader"/>).
/// </summary>
public sealed record ColdTier
{
    /// <summary>Bytes of a request; far below what a pipe takes as one.</summary>
    internal const int RequestLength = 192;

    const string ScriptName = "cold.sh";

    /// <summary>
    /// A process that dies must never look like a short day: only what ends with the mark `done` was whole. What goes wrong is said in place of
    /// rows, where PostgreSQL shows it to whoever asked. When PostgreSQL has enough, cat ends by SIGPIPE, and PostgreSQL is content with that.
    /// </summary>
    const string Script = """
        # Rows of a sealed day for PostgreSQL; written by Bellwether. cold.sh LAKE DAY SHA256
        here=${0%/*} id=$1.$$
        rows=$here/$id.rows end=$here/$id.end watch=
        clean() { [ -z "$watch" ] || kill $watch 2>/dev/null; [ ! -e "$rows" ] && [ ! -e "$end" ] || rm -f "$rows" "$end"; }
        nobody() { printf '%s\n' 'no Bellwether process is reading the lake; start `bellwether serve`'; exit 3; }
        [ -p "$here/$1.requests" ] || nobody
        clean
        mkfifo -m 600 "$rows" "$end" || exit 4
        trap clean EXIT
        trap 'exit 143' HUP INT TERM
        # With both ends open here nothing waits for the other side to open; 7 alone stays, and ends when the other side does.
        exec 4<>"$rows" 5<>"$end" 6<>"$here/$1.requests" 7<"$rows"
        ( trap 'kill $nap; exit' TERM; sleep 10 & nap=$!; wait $nap; echo late >&5
          sleep 1; [ ! -p "$rows" ] || kill -9 $$; rm -f "$rows" "$end" ) >/dev/null 2>&1 4>&- 6>&- 7<&- &
        watch=$!
        printf '%-191s\n' "$id $2 $3" >&6
        read -r word <&5
        kill $watch 2>/dev/null
        watch=
        [ "$word" = taken ] || nobody
        exec 4>&- 6>&-
        cat <&7 5>&-
        code=$?
        [ $code = 0 ] || exit $code
        echo over >&5
        while read -r word <&5; do
          case $word in done) exit 0 ;; over) break ;; esac
        done
        printf '%s\n' 'the process that was reading the lake has ended in the midst of it; ask again'
        exit 3

        """;

    readonly string _lake;

    ColdTier(ServerPrograms programs, string lake) => (Programs, _lake) = (programs, lake);

    internal ServerPrograms Programs { get; }

    /// <summary>Puts the script where the server finds it.</summary>
    /// <param name="lake">Which lake is meant, where several share a server: small letters, digits and underscores.</param>
    public static ColdTier Install(ServerPrograms programs, string lake)
    {
        if (lake.Length is 0 or > 63 || !lake.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            throw new ArgumentException($"'{lake}' cannot name a lake: only small letters, digits and underscores, at most 63", nameof(lake));
        programs.Install(ScriptName, Script);
        return new(programs, lake);
    }

    /// <summary>The pipe by which the script asks.</summary>
    internal string RequestPipe => $"{_lake}.requests";

    /// <summary>The fixed command of a day's foreign table.</summary>
    internal string ProgramOf(DateOnly day, string sha256) =>
        string.Create(CultureInfo.InvariantCulture, $"exec sh {ServerPrograms.FromServer(ScriptName)} {_lake} {day:yyyy-MM-dd} {sha256}");
}
