// The brush of the correction: which voxels it covers, what they held before (for undo), and the changes counted per label.
// A map is a Uint8Array on a grid that runs right, anterior, superior; size its three lengths, spacing its millimetres.

/** The voxels in reach of a point: a ball of radius millimetres, or its disc in one plane (plane: the axis across it, 0 to 2). */
export function covered(size, spacing, centre, radius, plane = null) {
    const reached = radius * (1 + 1e-4); // a header's 1.5000001 mm are 1.5
    const reach = spacing.map((mm, k) => (k === plane ? 0 : Math.floor(reached / mm)));
    const out = [];
    for (let dz = -reach[2]; dz <= reach[2]; ++dz) {
        for (let dy = -reach[1]; dy <= reach[1]; ++dy) {
            for (let dx = -reach[0]; dx <= reach[0]; ++dx) {
                const [x, y, z] = [centre[0] + dx, centre[1] + dy, centre[2] + dz];
                if (x < 0 || y < 0 || z < 0 || x >= size[0] || y >= size[1] || z >= size[2]) continue;
                if (Math.hypot(dx * spacing[0], dy * spacing[1], dz * spacing[2]) > reached) continue;
                out.push(x + size[0] * (y + size[1] * z));
            }
        }
    }
    return out;
}

/** Points along a line of voxels, so that a quick stroke has no holes. */
export function along(from, to) {
    const steps = Math.max(1, ...from.map((v, k) => Math.abs(to[k] - v)));
    return Array.from({ length: steps }, (_, n) => from.map((v, k) => Math.round(v + ((to[k] - v) * (n + 1)) / steps)));
}

/** Strokes on a map with undo and redo. counts[label] follows the voxels. */
export class Strokes {
    constructor(map) {
        this.map = map;
        this.done = [];
        this.undone = [];
        this.current = null;
        this.onset = null; // (position, value): each voxel that changes
        this.counts = new Float64Array(256);
        for (const value of map) this.counts[value]++;
    }

    begin() { this.current = new Map(); }

    /** Sets voxels to value where over(old) allows it. */
    paint(voxels, value, over = () => true) {
        for (const at of voxels) {
            const old = this.map[at];
            if (old === value || !over(old)) continue;
            if (!this.current.has(at)) this.current.set(at, old);
            this.set(at, value);
        }
    }

    end() {
        if (this.current && this.current.size > 0) {
            this.done.push([...this.current]);
            this.undone = [];
        }
        this.current = null;
    }

    set(at, value) {
        this.counts[this.map[at]]--;
        this.counts[value]++;
        this.map[at] = value;
        this.onset?.(at, value);
    }

    move(from, to) {
        const stroke = from.pop();
        if (!stroke) return false;
        to.push(stroke.map(([at]) => [at, this.map[at]]));
        for (const [at, old] of stroke) this.set(at, old);
        return true;
    }

    undo() { return this.move(this.done, this.undone); }

    redo() { return this.move(this.undone, this.done); }

    get changed() { return this.done.length > 0; }
}
