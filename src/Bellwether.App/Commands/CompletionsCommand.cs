using System.CommandLine;

namespace Bellwether.App.Commands;

/// <summary><c>bellwether completions</c>: scripts that ask the program itself what may follow, so that they never go stale.</summary>
static class CompletionsCommand
{
    public static Command Create(Screen screen, GlobalOptions globals)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var verb = new Verb("completions", "Print the completion script of a shell",
            "completions bash > ~/.local/share/bash-completion/completions/bellwether",
            "completions zsh > ~/.zfunc/_bellwether",
            "completions fish > ~/.config/fish/completions/bellwether.fish") { shell };
        return verb.Runs(screen, globals, (session, _) =>
        {
            screen.Out.Write(Script(session.Get(shell)!));
            return Task.FromResult(ExitCode.Ok);
        });
    }

    static string Script(string shell) => shell switch
    {
        "bash" => """
            _bellwether() {
                local IFS=$'\n' line=$COMP_LINE point=$COMP_POINT
                local program=${COMP_WORDS[0]} skip=$(( ${#COMP_WORDS[0]} - 10 ))
                line="bellwether${line:${#program}}"
                COMPREPLY=($(compgen -W "$("$program" "[suggest:$(( point - skip ))]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _bellwether bellwether ./bellwether

            """,
        "zsh" => """
            #compdef bellwether
            _bellwether() {
                local line="bellwether ${words[2,-1]}"
                local -a found
                found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
                compadd -- $found || _files
            }
            compdef _bellwether bellwether

            """,
        _ => """
            function __bellwether_complete
                set -l line (commandline -cp)
                bellwether "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c bellwether -a '(__bellwether_complete)'

            """,
    };
}
