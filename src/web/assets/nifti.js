// Reads a label map in NIfTI-1 or NIfTI-2 and writes one with other voxels: the header's bytes stay as they are, so the grid does, too.
// The page does not save with the viewer's own function: drawings saved by it came back mirrored (niivue#1374).
import { Failure } from './api.js';
import T from './texts.js';

const TYPES = { 2: ['getUint8', 'setUint8', 1], 4: ['getInt16', 'setInt16', 2], 8: ['getInt32', 'setInt32', 4], 512: ['getUint16', 'setUint16', 2],
    16: ['getFloat32', 'setFloat32', 4] };

async function through(stream, bytes) {
    return new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();
}

export async function unpack(buffer) {
    const head = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
    return head[0] === 0x1f && head[1] === 0x8b ? through(new DecompressionStream('gzip'), buffer) : buffer;
}

export const pack = (bytes) => through(new CompressionStream('gzip'), bytes);

function affine1(view, little, dim, pixdim) {
    if (view.getInt16(254, little) > 0) {
        return [280, 296, 312].map((at) => [0, 1, 2, 3].map((k) => view.getFloat32(at + 4 * k, little)));
    }
    if (view.getInt16(252, little) > 0) {
        const [b, c, d] = [256, 260, 264].map((at) => view.getFloat32(at, little));
        const offset = [268, 272, 276].map((at) => view.getFloat32(at, little));
        return quaternion(b, c, d, offset, pixdim, view.getFloat32(76, little) < 0 ? -1 : 1);
    }
    return [0, 1, 2].map((i) => [0, 1, 2].map((k) => (i === k ? pixdim[i] : 0)).concat(0));
}

function quaternion(b, c, d, offset, pixdim, qfac) {
    const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
    const r = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c]];
    return r.map((row, i) => [row[0] * pixdim[0], row[1] * pixdim[1], row[2] * pixdim[2] * qfac, offset[i]]);
}

/** {bytes (unpacked), dim [i, j, k], spacing, affine (3 rows of 4), voxels (one number per voxel, in the file's order), write(voxels)} */
export async function readLabels(packed) {
    const buffer = await unpack(packed);
    const view = new DataView(buffer);
    const little = view.byteLength > 3 && (view.getInt32(0, true) === 348 || view.getInt32(0, true) === 540);
    const second = view.byteLength > 539 && view.getInt32(0, little) === 540;
    if (!second && (view.byteLength < 352 || view.getInt32(0, little) !== 348)) throw new Failure(0, T.notNifti);
    const dim = [1, 2, 3].map((k) => (second ? Number(view.getBigInt64(16 + 8 * k, little)) : view.getInt16(40 + 2 * k, little)));
    const pixdim = [1, 2, 3].map((k) => (second ? view.getFloat64(104 + 8 * k, little) : view.getFloat32(76 + 4 * k, little)));
    const type = TYPES[view.getInt16(second ? 12 : 70, little)];
    const start = second ? Number(view.getBigInt64(168, little)) : view.getFloat32(108, little);
    const count = dim[0] * dim[1] * dim[2];
    if (!type || !(count > 0) || start + count * type[2] > view.byteLength) throw new Failure(0, T.notNifti);
    const affine = second
        ? [400, 432, 464].map((at) => [0, 1, 2, 3].map((k) => view.getFloat64(at + 8 * k, little)))
        : affine1(view, little, dim, pixdim);
    const [read, write, size] = type;
    const voxels = new Int32Array(count);
    for (let n = 0; n < count; ++n) voxels[n] = view[read](start + n * size, little);
    return {
        dim, affine, voxels,
        spacing: [0, 1, 2].map((k) => Math.hypot(affine[0][k], affine[1][k], affine[2][k])),
        write(changed) {
            const copy = buffer.slice(0);
            const out = new DataView(copy);
            for (let n = 0; n < count; ++n) out[write](start + n * size, changed[n], little);
            return pack(copy);
        },
    };
}

/** Where a voxel of a grid that runs right, anterior, superior lies in the file: order[k] is the file's axis of the grid's k-th (1 to 3),
 *  negative where the file runs the other way (the viewer's permRAS). at(x, y, z) is the position in the file's list of voxels. */
export function gridOf(dim, order) {
    const axis = order.map((k) => Math.abs(k) - 1);
    const step = axis.map((k) => (k === 0 ? 1 : k === 1 ? dim[0] : dim[0] * dim[1]));
    const size = axis.map((k) => dim[k]);
    const sign = order.map((k) => (k < 0 ? -1 : 1));
    const start = sign.reduce((sum, s, k) => sum + (s < 0 ? step[k] * (size[k] - 1) : 0), 0);
    return {
        size,
        at: (x, y, z) => start + sign[0] * step[0] * x + sign[1] * step[1] * y + sign[2] * step[2] * z,
        voxel(x, y, z) { // [i, j, k] of the file
            const out = [0, 0, 0];
            [x, y, z].forEach((v, k) => { out[axis[k]] = sign[k] < 0 ? size[k] - 1 - v : v; });
            return out;
        },
    };
}

/** Millimetres of a voxel, by the affine of the file. */
export function mmOf(affine, [i, j, k]) {
    return affine.map((row) => row[0] * i + row[1] * j + row[2] * k + row[3]);
}
