# Subcommands are commands: each has its own options, and one of another is refused by a sentence that says whose it is.
source "$(dirname "$0")/lib.sh"
printf 'participant_id\tv\tgroup\n' >"$work/t.tsv"

# refused OWNERS OPTION SUBCOMMAND...
refused() {
    local owners=$1 option=$2
    shift 2
    expect_sentence 2 "$* has no option $option; it is one of $owners" "$@" "$work/t.tsv" "$option" x
}
refused 'dien stats agreement' --scores stats groups
refused 'dien stats groups' --outliers stats correlate
refused 'dien stats power' --kind stats agreement
refused 'dien stats correlate' --alsfrs stats normalise
refused 'dien stats groups, dien stats correlate and dien stats normalise' --icv stats agreement
refused 'dien normative apply' --chart normative fit
refused 'dien normative fit' --simulated normative apply
refused 'dien models import' --f16 models show
refused 'dien models import' -o models show
refused 'dien models show' --weights models import
refused 'dien labelmap average' --rounds labelmap frame
refused 'dien labelmap frame' --frame labelmap average
# The command itself has none, and the subcommand comes first.
expect_sentence 2 'stats has no option --alsfrs; it is one of dien stats correlate' stats --alsfrs x correlate "$work/t.tsv"
expect_sentence 2 'then groups, correlate, agreement, normalise or power' stats
expect_sentence 2 "there is no 'dien stats t.tsv'; type groups, correlate" stats t.tsv
# A slip within the own table is still a slip.
expect_sentence 2 'did you mean --value?' stats groups "$work/t.tsv" --vlaue v

# Help shows the own options, and only these.
while IFS= read -r command; do
    read -ra words <<<"$command"
    [ "${#words[@]}" -eq 2 ] || continue
    expect 0 "${words[@]}" --help
    grep -qE '(stats|groups|correlate|agreement|normalise|power|fit|apply|import|show|average|frame): ' <(sed -n '/^Options:/,$p' "$work/stdout") &&
        fail "dien $command --help: an option says whose it is: $(cat "$work/stdout")"
    expect 0 "${words[0]}" --help
    grep -qE "^  ${words[1]} +[a-z]" "$work/stdout" || fail "dien ${words[0]} --help: expected a line of ${words[1]}, found $(cat "$work/stdout")"
done < <("$dien" help --commands)
expect 0 stats groups --help
grep -q -- --scores "$work/stdout" && fail "stats groups --help: expected no --scores"
grep -q -- --outliers "$work/stdout" || fail "stats groups --help: expected --outliers"
finish
