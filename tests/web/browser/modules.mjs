// Tests of the page's modules without a browser; see test_page_modules.sh.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
globalThis.addEventListener = () => {}; // drop.js keeps a file that misses its place from replacing the page
const load = (name) => import(pathToFileURL(path.join(folder, name)));
const { covered, along, Strokes } = await load('brush.js');
const { gridOf, mmOf, readLabels, pack } = await load('nifti.js');
const { scansOf } = await load('drop.js');
const format = await load('format.js');
const chart = await load('chart.js');
const T = (await load('texts.js')).default;
let failed = 0;

async function test(name, run) {
    try { await run(); console.log(`ok: ${name}`); } catch (error) { failed++; console.log(`FAIL: ${name}: ${error.message}`); }
}

await test('a ball has the volume of a ball, in voxels of unequal sides', () => {
    const spacing = [1, 0.5, 2];
    const found = covered([80, 160, 40], spacing, [40, 80, 20], 12).length * 1;
    const wanted = (4 / 3) * Math.PI * 12 ** 3;
    assert.ok(Math.abs(found / wanted - 1) < 0.02, `expected ${wanted.toFixed(0)} mm3, found ${found}`);
});
await test('a disc lies in its plane, and nothing lies outside the map', () => {
    for (const plane of [0, 1, 2]) {
        for (const at of covered([9, 9, 9], [1, 1, 1], [4, 4, 4], 3, plane)) {
            assert.equal([at % 9, Math.floor(at / 9) % 9, Math.floor(at / 81)][plane], 4);
        }
    }
    assert.ok(covered([9, 9, 9], [1, 1, 1], [0, 0, 8], 3).every((at) => at >= 0 && at < 729));
    assert.equal(covered([9, 9, 9], [1, 1, 1], [4, 4, 4], 0.5).length, 1);
    assert.equal(covered([9, 9, 9], [1.5, 1.5000001, 1.4999999], [4, 4, 4], 1.5).length, 7); // sides as a turned affine gives them
});
await test('a quick stroke has no holes', () => {
    const points = [[0, 0, 0], ...along([0, 0, 0], [9, 3, 0])];
    for (let n = 1; n < points.length; ++n) assert.ok(Math.max(...points[n].map((v, k) => Math.abs(v - points[n - 1][k]))) <= 1);
    assert.deepEqual(points.at(-1), [9, 3, 0]);
});
await test('undo and redo give each map back, and the counts follow', () => {
    const map = new Uint8Array(1000);
    for (let n = 0; n < 1000; ++n) map[n] = n % 3;
    const strokes = new Strokes(map);
    const maps = [map.slice()];
    for (let n = 0; n < 6; ++n) {
        strokes.begin();
        strokes.paint([n * 7, n * 11, n * 13, n * 7], n % 4);
        strokes.paint([n * 7, n * 17], (n + 1) % 4, (old) => old !== 0);
        strokes.end();
        maps.push(map.slice());
    }
    const told = new Map(); // an empty stroke is no step
    maps.forEach((m) => told.set(m.join(), m));
    while (strokes.undo()) { /* back to the start */ }
    assert.deepEqual(map, maps[0]);
    while (strokes.redo()) { /* and to the end */ }
    assert.deepEqual(map, maps.at(-1));
    for (let v = 0; v < 4; ++v) assert.equal(strokes.counts[v], map.filter((x) => x === v).length);
});
await test('all 48 orders and directions of axes: each voxel of the grid has the millimetres that the file gives it', () => {
    const dim = [3, 4, 5];
    for (const perm of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
        for (let flips = 0; flips < 8; ++flips) {
            // perm[k]: the file's axis that runs along the world's k-th
            const sign = [0, 1, 2].map((k) => (flips & (1 << k) ? -1 : 1));
            const affine = [0, 1, 2].map((k) => [0, 1, 2].map((axis) => (perm[k] === axis ? sign[k] : 0)).concat(0));
            const grid = gridOf(dim, perm.map((axis, k) => sign[k] * (axis + 1)));
            const seen = new Set();
            const first = mmOf(affine, grid.voxel(0, 0, 0));
            for (let z = 0; z < grid.size[2]; ++z) for (let y = 0; y < grid.size[1]; ++y) for (let x = 0; x < grid.size[0]; ++x) {
                const [i, j, k] = grid.voxel(x, y, z);
                assert.equal(grid.at(x, y, z), i + dim[0] * (j + dim[1] * k));
                assert.deepEqual(mmOf(affine, [i, j, k]).map((v, n) => v - first[n]), [x, y, z]);
                seen.add(grid.at(x, y, z));
            }
            assert.equal(seen.size, 60);
        }
    }
});
await test('a label map is read and written with its header untouched, in both byte orders', async () => {
    for (const little of [true, false]) {
        const bytes = new ArrayBuffer(352 + 2 * 24);
        const view = new DataView(bytes);
        view.setInt32(0, 348, little);
        [3, 2, 3, 4, 1, 1, 1, 1].forEach((v, k) => view.setInt16(40 + 2 * k, v, little));
        view.setInt16(70, 512, little);
        view.setFloat32(108, 352, little);
        view.setInt16(254, 1, little);
        [[-1, 0, 0, 9], [0, 2, 0, -3], [0, 0, 3, 4]].forEach((row, i) => row.forEach((v, k) => view.setFloat32(280 + 16 * i + 4 * k, v, little)));
        for (let n = 0; n < 24; ++n) view.setUint16(352 + 2 * n, 800 + n, little);
        const file = await readLabels(await pack(bytes));
        assert.deepEqual([file.dim, file.spacing, file.affine[0], file.voxels[23]], [[2, 3, 4], [1, 2, 3], [-1, 0, 0, 9], 823]);
        const changed = file.voxels.slice();
        changed[5] = 65000;
        const again = await readLabels(await file.write(changed));
        assert.deepEqual(again.voxels, changed);
        const out = new Uint8Array(await new Response(new Blob([await file.write(changed)]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
        assert.deepEqual(out.slice(0, 352), new Uint8Array(bytes, 0, 352));
    }
});
await test('a file that is no label map is refused with a sentence', async () => {
    for (const bytes of [new ArrayBuffer(0), new ArrayBuffer(3), new ArrayBuffer(400)]) {
        await assert.rejects(readLabels(bytes), { message: T.notNifti });
    }
});
await test('what belongs to one scan', async () => {
    const dicom = new Uint8Array(200);
    dicom.set([68, 73, 67, 77], 128);
    const old = new Uint8Array([8, 0, 5, 0, 67, 83, 10, 0, 0, 0]);
    const file = (path_, bytes = dicom) => Object.assign(new Blob([bytes]), { name: path_.split('/').pop(), path_ });
    const names = async (files) => (await scansOf(files.map((f) => file(f)))).scans.map((s) => `${s.name}:${s.files.length}`);
    assert.deepEqual(await names(['a.nii.gz', 'b.mgz', 'c.NII']), ['a:1', 'b:1', 'c:1']);
    assert.deepEqual(await names(['p/s.hdr', 'p/s.img']), ['s:2']);
    assert.deepEqual(await names(['head/IM1', 'head/sub/IM2.dcm', 'other/IM1']), ['head:2', 'other:1']);
    assert.deepEqual(await names(['study.zip', 'x/notes.txt', 'x/.DS_Store', 'x/T1.nii.gz']), ['study:1', 'T1:1']);
    assert.deepEqual(await scansOf([file('notes.pdf')]), { scans: [], left: ['notes.pdf'] });
    assert.deepEqual(await scansOf([file('README.md', 'A text'), file('x/short', 'DICM')]), { scans: [], left: ['README.md', 'x/short'] });
    assert.deepEqual((await scansOf([file('x/1', old), file('x/README', 'text')])).scans.map((s) => s.files.length), [1]);
});
await test('numbers as the report writes them', () => {
    const found = [format.volume(944.08, 'hypothalamus'), format.volume(15988.3, 'thalamus'), format.volume(1531905, 'icv'), format.volume(120910, 'cerebellum_cortex'),
        format.volume(NaN, 'thalamus'), format.signed(-5.46), format.signed(0.04), format.seconds(3), format.seconds(null), format.percentile(0.02)];
    assert.deepEqual(found, ['944', '15.99', '1\u202f532', '120.9', 'n/a', '\u22125.5', '0.0', 'about 3 s left', T.timeUnknown, 'below 0.1']);
});
await test('the values at an axis are round and lie within it', () => {
    for (const [low, high] of [[0, 1], [18, 83], [0.71, 1.06], [1.1e6, 1.9e6], [-3, 3]]) {
        const at = chart.ticks(low, high);
        assert.ok(at.length >= 2 && at.length <= 7 && at[0] >= low && at.at(-1) <= high * 1.0001, `${low} to ${high}: ${at}`);
    }
});
await test('every text of the page is used, and every text that is used is there', () => {
    const used = new Set();
    for (const name of fs.readdirSync(folder).filter((f) => f.endsWith('.js') && !f.startsWith('niivue') && f !== 'texts.js')) {
        for (const match of fs.readFileSync(path.join(folder, name), 'utf8').matchAll(/\bT\.([A-Za-z]+)(?:\.([A-Za-z]+))?/g)) {
            used.add(match[1]);
            assert.ok(match[1] in T, `${name} uses T.${match[1]}, which texts.js does not have`);
            if (match[2] && typeof T[match[1]] === 'object' && !Array.isArray(T[match[1]])) assert.ok(match[2] in T[match[1]], `${name}: T.${match[1]}.${match[2]}`);
        }
    }
    assert.deepEqual(Object.keys(T).filter((key) => !used.has(key)), []);
});
await test('no module carries inline style or script, or another address', () => {
    for (const name of fs.readdirSync(folder).filter((f) => /\.(js|html|css|svg)$/.test(f) && !f.startsWith('niivue'))) {
        const text = fs.readFileSync(path.join(folder, name), 'utf8');
        assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function| style="|onclick="/.test(text), name);
        assert.ok(!/https?:\/\/(?!www\.w3\.org\/)[a-z]/.test(text.replace(/\^https\?:\\\/\\\//g, '')), `${name} names an address outside`);
    }
});
console.log(failed > 0 ? `${failed} failed` : 'all as expected');
process.exit(failed > 0 ? 1 : 0);
