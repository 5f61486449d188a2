# Help, man page and completion of every command name every option of its table, and the shells can read the scripts.
source "$(dirname "$0")/lib.sh"

for shell in bash zsh fish; do
    "$dien" help --completion "$shell" >"$work/completion.$shell" || fail "no completion for $shell"
done
bash -n "$work/completion.bash" || fail "bash cannot read its completion script"
if command -v zsh >/dev/null; then zsh -n "$work/completion.zsh" || fail "zsh cannot read its completion script"; fi
if command -v fish >/dev/null; then fish -n "$work/completion.fish" || fail "fish cannot read its completion script"; fi

count=0
while IFS= read -r command; do
    read -ra words <<<"$command" # "stats groups" is two words
    page=dien-${command// /-}
    "$dien" help "${words[@]}" >"$work/page"
    "$dien" help --man "${words[@]}" >"$work/man"
    grep -q "^\.TH \"${page^^}\" 1" "$work/man" || fail "man page of $command: no heading"
    for option in $(grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' "$work/page" | grep -oE -- '--[a-z0-9-]+'); do
        count=$((count + 1))
        roff=${option//-/\\\\-}
        grep -q -- "$roff" "$work/man" || fail "man page of $command lacks $option"
        grep -F "                \"$command\") options=" "$work/completion.bash" | grep -q -- " ${option}[ \"]" || fail "bash completion of $command lacks $option"
        sed -n "/^        \"$command\")/,/;;/p" "$work/completion.zsh" | grep -q -- "${option}'\?[}\[]" || fail "zsh completion of $command lacks $option"
        grep -q "from ${command/ /; and __fish_seen_subcommand_from }' -l ${option#--}\( \|\$\)" "$work/completion.fish" || fail "fish completion of $command lacks $option"
    done
    # dien(1) names the commands, and dien-stats(1) its subcommands.
    "$dien" help --man ${words[1]:+"${words[0]}"} | grep -qF "${page//-/\\-}" || fail "no other page names $page"
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W error "$work/man" >"$work/lint" 2>&1 || fail "man page of $command: $(head -n 3 "$work/lint")"
    elif command -v man >/dev/null; then
        man --warnings -l "$work/man" 2>"$work/lint" >/dev/null
        [ -s "$work/lint" ] && fail "man page of $command: $(head -n 3 "$work/lint")"
    fi
done < <("$dien" help --commands)
[ "$count" -ge 7 ] || fail "expected at least the options of help, found $count"

# What bash really offers.
offer() {
    bash -c 'compopt() { :; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dien; printf "%s\n" "${COMPREPLY[@]}"' \
        - "$work/completion.bash" "$@" 2>&1
}
offer dien he | grep -qx help || fail "bash offers for 'dien he': $(offer dien he)"
offer dien help --comp | grep -qx -- --completion || fail "bash offers for 'dien help --comp': $(offer dien help --comp)"
[ "$(offer dien help --completion '' | tr '\n' ' ')" = "bash zsh fish " ] || fail "bash offers shells: $(offer dien help --completion '')"
[ "$(offer dien stats '' | tr '\n' ' ')" = "--help groups correlate agreement normalise power " ] || fail "bash offers for 'dien stats': $(offer dien stats '')"
offer dien stats power --k | grep -qx -- --kind || fail "bash offers for 'dien stats power --k': $(offer dien stats power --k)"
offer dien stats groups --k | grep -q . && fail "bash offers for 'dien stats groups --k': $(offer dien stats groups --k)"
[ "$(offer dien stats power --kind one | tr '\n' ' ')" = "one-sample " ] || fail "bash offers kinds: $(offer dien stats power --kind one)"
touch "$work/scan one.nii"
(cd "$work" && offer dien segment scan) | grep -qx 'scan one.nii' || fail "bash offers files: $(cd "$work" && offer dien segment scan)"
finish
