# dien models: list, show and import, and what they say when something is wrong.
source "$(dirname "$0")/lib.sh"
keras=$DIEN_SOURCE/tests/models/keras
export DIEN_MODELS=$work/models HOME=$work XDG_DATA_HOME=

expect 0 models list
expect_sentence 2 "there is no 'dien models frob'; type list, show or import" models frob
expect_sentence 2 "dien models import FILE.h5" models import
expect_sentence 2 "models list takes options only; leave out 'extra'" models list extra
expect_sentence 3 "dien models import FILE.h5" models show nothing
expect_sentence 3 "there is no such file" models import "$work/nothing.h5"
expect_sentence 3 "is a folder, not a model file" models show "$work/"
expect_sentence 3 "$work/models, which is not a folder" models show nothing
expect_sentence 3 "is an HDF5 file (Keras' .h5), not a model file" models show "$keras/../keras/small_3d.h5"
echo "not HDF5" >"$work/bad.h5"
expect_sentence 3 "is not an HDF5 file" models import "$work/bad.h5"
expect_sentence 2 "must not be empty or contain a slash" models import "$keras/small_3d.h5" --name a/b
expect_empty "$DIEN_MODELS"

expect_sentence 2 "one of dien's own networks" models import "$keras/small_3d.h5" --name hypothalamus
expect_sentence 2 "one of dien's own networks" models import "$keras/small_3d.h5" --name whole-head-fine -o "$work/own"
# Into the user's folder, under a name of its own, then found by that name.
expect 0 models import "$keras/small_3d.h5" --name mine
[ "$(cat "$work/stdout")" = "$DIEN_MODELS/mine.safetensors" ] || fail "import: expected the path on stdout, found $(cat "$work/stdout")"
expect 0 models list
grep -q '^mine.*graph' "$work/stdout" || fail "list: expected mine, found $(cat "$work/stdout")"
expect 0 models show mine --weights --config
grep -q 'likelihood.weight \[3,9,1,1,1\]' "$work/stdout" || fail "show --weights: $(head -c 600 "$work/stdout")"
grep -q '"op":"softmax"' "$work/stdout" || fail "show --config lacks the network"
grep -q 'keras_version  2.3.1' "$work/stdout" || fail "show lacks the version of Keras"

# Equal runs give equal files; -o takes a file or a folder; 16 bits are about half.
expect 0 models import "$keras/small_tfkeras240.h5" -o "$work/a.safetensors"
expect 0 models import "$keras/small_tfkeras240.h5" -o "$work/folder"
cmp -s "$work/a.safetensors" "$work/folder/small_tfkeras240.safetensors" || fail "two imports of one file differ"
expect 0 models import "$keras/small_tfkeras240.h5" --f16 -o "$work/half.safetensors"
[ "$(stat -c %s "$work/half.safetensors")" -lt "$(stat -c %s "$work/a.safetensors")" ] || fail "--f16 is not smaller"
expect 0 models show "$work/half.safetensors"
expect_sentence 5 "" models import "$keras/small_3d.h5" -o /proc/nowhere/x.safetensors
expect_no_temporaries "$work"

# A damaged model is refused by show and named by list, beside the others.
head -c 5000 "$DIEN_MODELS/mine.safetensors" >"$DIEN_MODELS/cut.safetensors"
expect_sentence 3 "cut.safetensors" models show cut
expect 0 models list
grep -q 'cut.safetensors.*cannot be read' "$work/stdout" || fail "list does not name the damaged model: $(cat "$work/stdout")"
grep -q '^mine' "$work/stdout" || fail "list hides the good model"

# Without HOME there is no folder of one's own; nothing is written to /.local.
(unset HOME DIEN_MODELS; expect 0 models list; exit "$failures") || fail "models list without HOME"
(unset HOME DIEN_MODELS; expect_sentence 2 "HOME is not set" models import "$DIEN_SOURCE/tests/models/keras/small_3d.h5"; exit "$failures") ||
    fail "models import without HOME"
finish
