// NIfTI-1 files for the tests, written and read without anything of the page's: the same scan in other orientations, and the label at a
// point in millimetres, by the affine of the file.
import fs from 'node:fs';
import zlib from 'node:zlib';

const SIZE = { 2: 1, 4: 2, 8: 4, 16: 4, 512: 2 };

export function read(file) {
    const packed = fs.readFileSync(file);
    const bytes = packed[0] === 0x1f ? zlib.gunzipSync(packed) : packed;
    const dim = [1, 2, 3].map((k) => bytes.readInt16LE(40 + 2 * k));
    const type = bytes.readInt16LE(70);
    const start = bytes.readFloatLE(108);
    const affine = [280, 296, 312].map((at) => [0, 1, 2, 3].map((k) => bytes.readFloatLE(at + 4 * k)));
    const value = (n) => {
        const at = start + n * SIZE[type];
        return type === 2 ? bytes.readUInt8(at) : type === 4 ? bytes.readInt16LE(at) : type === 512 ? bytes.readUInt16LE(at)
            : type === 8 ? bytes.readInt32LE(at) : bytes.readFloatLE(at);
    };
    return { bytes, dim, type, start, affine, value, at: (i, j, k) => value(i + dim[0] * (j + dim[1] * k)) };
}

function inverse(m) {
    const [[a, b, c], [d, e, f], [g, h, i]] = m;
    const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    return [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f], [d * h - e * g, b * g - a * h, a * e - b * d]]
        .map((row) => row.map((v) => v / det));
}

/** The voxel whose centre is nearest to a point in millimetres. */
export function voxelAt({ affine }, mm) {
    const inv = inverse(affine.map((row) => row.slice(0, 3)));
    const d = mm.map((v, k) => v - affine[k][3]);
    return inv.map((row) => Math.round(row[0] * d[0] + row[1] * d[1] + row[2] * d[2]));
}

export const mmOf = ({ affine }, [i, j, k]) => affine.map((r) => r[0] * i + r[1] * j + r[2] * k + r[3]);

/** The same scan with its axes in another order (perm: which axis of the scan becomes the file's first, second, third) and some of them
 *  running the other way, turned in the head by degrees about the first and the third axis of the world. kind: 'sform', 'qform' alone. */
export function reoriented(from, perm, flip, degrees = 0, kind = 'sform') {
    const scan = read(from);
    const dim = perm.map((k) => scan.dim[k]);
    const bytes = Buffer.from(scan.bytes);
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const about1 = [[1, 0, 0], [0, c, -s], [0, s, c]];
    const about3 = [[c, -s, 0], [s, c, 0], [0, 0, 1]];
    const times = (a, b) => a.map((row) => b[0].map((_, k) => row.reduce((sum, v, n) => sum + v * b[n][k], 0)));
    const turned = times(about3, times(about1, scan.affine));
    const affine = turned.map((row) => {
        const out = perm.map((k, n) => (flip[n] ? -row[k] : row[k]));
        return [...out, row[3] + perm.reduce((sum, k, n) => sum + (flip[n] ? row[k] * (scan.dim[k] - 1) : 0), 0)];
    });
    const size = SIZE[scan.type];
    const old = [0, 0, 0];
    for (let z = 0, n = 0; z < dim[2]; ++z) {
        for (let y = 0; y < dim[1]; ++y) {
            for (let x = 0; x < dim[0]; ++x, ++n) {
                [x, y, z].forEach((v, k) => { old[perm[k]] = flip[k] ? dim[k] - 1 - v : v; });
                const at = scan.start + (old[0] + scan.dim[0] * (old[1] + scan.dim[1] * old[2])) * size;
                scan.bytes.copy(bytes, scan.start + n * size, at, at + size);
            }
        }
    }
    dim.forEach((v, k) => bytes.writeInt16LE(v, 42 + 2 * k));
    perm.forEach((k, n) => bytes.writeFloatLE(Math.hypot(...scan.affine.map((row) => row[k])), 80 + 4 * n));
    bytes.writeInt16LE(kind === 'qform' ? 1 : 0, 252);
    bytes.writeInt16LE(kind === 'qform' ? 0 : 1, 254);
    affine.forEach((row, i) => row.forEach((v, k) => bytes.writeFloatLE(v, 280 + 16 * i + 4 * k)));
    if (kind === 'qform') writeQuaternion(bytes, affine);
    return zlib.gzipSync(bytes);
}

/** The rotation of an affine as NIfTI's quaternion (nifti1.h: "a = 0.5 * sqrt(1+R11+R22+R33)" and its relatives). */
function writeQuaternion(bytes, affine) {
    const spacing = [0, 1, 2].map((k) => Math.hypot(...affine.map((row) => row[k])));
    const r = affine.map((row) => [0, 1, 2].map((k) => row[k] / spacing[k]));
    const det = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) - r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) + r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
    const qfac = det < 0 ? -1 : 1;
    for (const row of r) row[2] *= qfac;
    const root = (v) => Math.sqrt(Math.max(0, v)) / 2;
    let [a, b, c, d] = [root(1 + r[0][0] + r[1][1] + r[2][2]), root(1 + r[0][0] - r[1][1] - r[2][2]), root(1 - r[0][0] + r[1][1] - r[2][2]),
        root(1 - r[0][0] - r[1][1] + r[2][2])];
    const most = Math.max(a, b, c, d); // signs from the largest one
    if (most === a) { b = (r[2][1] - r[1][2]) / (4 * a); c = (r[0][2] - r[2][0]) / (4 * a); d = (r[1][0] - r[0][1]) / (4 * a); }
    else if (most === b) { a = (r[2][1] - r[1][2]) / (4 * b); c = (r[0][1] + r[1][0]) / (4 * b); d = (r[0][2] + r[2][0]) / (4 * b); }
    else if (most === c) { a = (r[0][2] - r[2][0]) / (4 * c); b = (r[0][1] + r[1][0]) / (4 * c); d = (r[1][2] + r[2][1]) / (4 * c); }
    else { a = (r[1][0] - r[0][1]) / (4 * d); b = (r[0][2] + r[2][0]) / (4 * d); c = (r[1][2] + r[2][1]) / (4 * d); }
    if (a < 0) [b, c, d] = [-b, -c, -d];
    bytes.writeFloatLE(qfac, 76);
    [b, c, d].forEach((v, k) => bytes.writeFloatLE(v, 256 + 4 * k));
    affine.forEach((row, k) => bytes.writeFloatLE(row[3], 268 + 4 * k));
}
