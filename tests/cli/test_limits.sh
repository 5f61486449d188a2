# What is in the way, or too little: outputs that are devices, folders or inputs; stale temporaries; a limit on processes; files that ask
# for more than there is; a batch of which nothing can be done. One sentence each, the right code, and nothing lost.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
model=$work/tiny.safetensors
"$fixture" model "$model" && "$fixture" scan good.nii.gz && "$fixture" head head.nii.gz || { echo "cannot make the inputs"; exit 1; }
printf 'participant_id\tgroup\tv\n' >p.tsv
for i in 1 2 3 4 5 6 7 8; do printf 'sub-0%d\t%s\t%d.5\n' "$i" "$([ "$i" -lt 5 ] && echo a || echo b)" "$((i * i % 7 + 3))" >>p.tsv; done

# --- an output that is no file is not replaced
mkdir -p folder.tsv out/good_volumes.tsv
expect_sentence 5 "/dev/null: it is a device" segment good.nii.gz -o out2 --model "$model" --times /dev/null
[ -c /dev/null ] || { rm -f /dev/null; mknod -m 666 /dev/null c 1 3; fail "/dev/null was replaced"; }
expect_sentence 5 "there is a folder of that name" segment good.nii.gz -o out2 --model "$model" --times folder.tsv
expect_sentence 5 "good_volumes.tsv: there is a folder of that name" segment good.nii.gz -o out --model "$model"
expect_sentence 5 "it is a device" labelmap average head.nii.gz head.nii.gz -o /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
rmdir out/good_volumes.tsv out

# --- an input that an output would overwrite, under its own name or another
cp head.nii.gz good_dseg.nii.gz
cp good.nii.gz kept.nii.gz
expect_sentence 2 "good_dseg.nii.gz" segment good.nii.gz -o . --model "$model" --truth good_dseg.nii.gz
cmp -s head.nii.gz good_dseg.nii.gz || fail "the true labels were overwritten"
cp "$DIEN_SOURCE/tests/models/keras/small_3d.h5" net.safetensors
ln -s net.safetensors other.safetensors
expect_sentence 2 "net.safetensors is an input of this command" models import net.safetensors -o net.safetensors
expect_sentence 2 "is an input of this command" models import net.safetensors -o other.safetensors
cmp -s "$DIEN_SOURCE/tests/models/keras/small_3d.h5" net.safetensors || fail "import has overwritten its input"
expect_sentence 2 "head.nii.gz is an input of this command" labelmap average head.nii.gz -o head.nii.gz
cp p.tsv groups.tsv
"$dien" stats groups p.tsv --value v --group group -o made >/dev/null 2>&1
for file in made/*.tsv; do # whatever they are called: none of them may be the table itself
    name=$(basename "$file")
    mkdir -p "own-$name"
    cp p.tsv "own-$name/$name"
    expect_sentence 2 "is an input of this command" stats groups "own-$name/$name" --value v --group group -o "own-$name"
    cmp -s p.tsv "own-$name/$name" || fail "stats groups has overwritten its table $name"
done

# --- nothing of a batch can be done: the code of that, not "the others are in"
echo rubbish >a.nii
echo rubbish >b.nii
expect_sentence 3 "none of the 2 scans could be measured" segment a.nii b.nii -o none --model "$model"
expect_empty none
expect_sentence 6 "1 of 2 scans could be measured" segment a.nii good.nii.gz -o some --model "$model"

# --- a header that asks for gigabytes out of megabytes
gzip -dc good.nii.gz >bomb.nii
printf '\x03\x00\x01\x04\x01\x04\x01\x04' | dd of=bomb.nii bs=1 seek=40 conv=notrunc status=none # 3 axes, 1025 each
{ gzip -9 <bomb.nii; head -c 5000000 /dev/zero; } >bomb.nii.gz
(
    limit_addresses 2000000
    expect_sentence 3 "at most 1073 million" segment bomb.nii.gz -o out --model "$model"
    exit "$failures"
) || fail "a scan of gigabytes: $(cat stderr)"

# --- text from files moves no cursor
changed() { # EXPRESSION FILE: the model with a text of its header replaced by one of the same length
    LC_ALL=C sed "1$1" "$model" >"$2"
    cmp -s "$model" "$2" && fail "nothing of the model's header was changed by $1"
    [ "$(stat -c %s "$model")" -eq "$(stat -c %s "$2")" ] || fail "the length of the header was changed by $1"
}
mkdir esc
changed 's|"fixture"|"\\u001bc"|' esc/esc.safetensors
changed 's|"fixture"|"x\\nname"|' esc/line.safetensors
for file in esc line; do
    expect 0 models show esc/$file.safetensors
    grep -q $'[\001-\010\013-\037\177]' "$work/stdout" && fail "models show: control characters: $(cat -v "$work/stdout")"
    [ "$(grep -c '^name' "$work/stdout")" -eq 1 ] || fail "models show: a text has forged a line: $(cat -v "$work/stdout")"
done
grep -q '^name           x?name$' "$work/stdout" || fail "models show: expected the name as text, found $(cat -v "$work/stdout")"
DIEN_MODELS=$work/esc expect 0 models list
grep -q $'[\001-\010\013-\037\177]' "$work/stdout" && fail "models list: control characters: $(cat -v "$work/stdout")"
grep -q '^?c	unet3d' "$work/stdout" || fail "models list: expected the name as text, found $(cat -v "$work/stdout")"
# Voxels of nothing.
changed 's|\[1.0,1.0,1.0\]|[1e-300,1, 1]|' tiny300.safetensors
expect_sentence 3 'tiny300.safetensors: dien.input: "spacing_mm" should be three numbers' segment good.nii.gz -o out --model tiny300.safetensors

# --- a limit on processes: fewer threads and a sentence, and what needs a process says so (root has no such limit)
if ! sanitized && [ "$(id -u)" -eq 0 ] && setpriv --reuid 54321 --clear-groups true 2>/dev/null; then
    chmod 755 "$work"
    mkdir -m 777 limited
    cp "$dien" limited/dien
    chmod 644 good.nii.gz "$model"
    cp "$DIEN_SOURCE/tests/models/keras/small_3d.h5" limited/net.h5
    limited() { setpriv --reuid 54321 --clear-groups prlimit --nproc=1 limited/dien "$@" >stdout 2>stderr </dev/null; }
    limited segment good.nii.gz -o limited/out --model "$model" --threads 4
    code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "a limit on processes: expected 0 or 4, found $code: $(cat stderr)"
    grep -q '1 of 4 threads can be started' stderr || fail "a limit on processes: expected a sentence, found $(cat stderr)"
    limited models import limited/net.h5 -o limited/net.safetensors
    code=$?
    [ "$code" -eq 5 ] || fail "import under a limit on processes: expected 5, found $code: $(cat stderr)"
    grep -q 'this needs a separate process' stderr || fail "import under a limit on processes: expected a sentence, found $(cat stderr)"
fi
finish
