# dien surface: picture, meshes and areas of a label map, and one sentence for what cannot be drawn.
source "$(dirname "$0")/lib.sh"
fixture=${DIEN_FIXTURE:?the program tests/fixture}
cd "$work" || exit 1
"$fixture" labels sub-01_dseg.nii.gz || { echo "cannot make the inputs"; exit 1; }

expect 0 surface sub-01_dseg.nii.gz --mask sub-01_dseg.nii.gz --size 80 -o out
picture=$(cat stdout)
[ -s "$picture" ] || fail "expected the picture's path on stdout, found: $picture"
head -c 4 "$picture" | grep -q PNG || fail "$picture is not a PNG"
for structure in hypothalamus thalamus intracranial; do
    mesh=$(find out -name "*_$structure.ply")
    head -c 3 "$mesh" | grep -q ply || fail "no mesh of $structure"
done
# Boxes of 5 x 6 x 6 x 6 and 6 x 6 x 6 mm, with rounded corners.
awk -F'\t' '$1 == "hypothalamus" && ($3 < 800 || $3 > 1080) || $1 == "thalamus" && ($3 < 120 || $3 > 216) { bad = 1 } END { exit bad }' out/*_surfaces.tsv ||
    fail "volumes of the boxes: $(cat out/*_surfaces.tsv)"
# A hypothalamus that is labelled as a whole is drawn, too.
"$fixture" whole-labels whole_dseg.nii.gz || fail "cannot make a label map"
expect 0 surface whole_dseg.nii.gz --size 80 -o whole
[ "$(grep ^hypothalamus whole/*_surfaces.tsv)" = "$(grep ^hypothalamus out/*_surfaces.tsv)" ] ||
    fail "819: expected the surface of the subunits together, found $(cat whole/*_surfaces.tsv)"
expect 0 surface sub-01_dseg.nii.gz --labels 801-803,10 --views top,left --smooth 0 --size 64 -o own
[ "$(awk 'END { print NR }' own/*_surfaces.tsv)" = 2 ] || fail "--labels should make one structure"
expect_sentence 2 "write numbers from 1 to 65535" surface sub-01_dseg.nii.gz --labels 5-2 -o none
expect_sentence 2 "write numbers from 1 to 65535" surface sub-01_dseg.nii.gz --labels all -o none
expect_sentence 3 "has none of the structures" surface sub-01_dseg.nii.gz --labels 77 -o none
expect_sentence 3 "absent.nii.gz" surface absent.nii.gz -o none
expect_empty none
expect_no_temporaries out
finish
