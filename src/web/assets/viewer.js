// The scan and its labels in NiiVue: three planes and 3-D. Labels are NiiVue's drawing, so that what is shown is what is corrected.
import { bytesOf, fileUrl, Failure } from './api.js';
import { gridOf, mmOf, readLabels } from './nifti.js';
import T from './texts.js';

const LAYOUTS = { all: 3, axial: 0, coronal: 1, sagittal: 2, render: 4 };
const MOVES = { ArrowLeft: [1, 0, 0], ArrowRight: [-1, 0, 0], ArrowUp: [0, 0, 1], ArrowDown: [0, 0, -1], PageUp: [0, 1, 0], PageDown: [0, -1, 0] };

/** NiiVue's built file of npm is for a script element of old: it leaves what it has in globalThis.niivue. */
let library = null;
const niivue = () => (library ??= import('./niivue.umd.js').then(() => globalThis.niivue));

export const hasWebGL = () => Boolean(document.createElement('canvas').getContext('webgl2'));

/** Numbers in a file ↔ the small numbers of the drawing: 0 is nothing, then one per label, then one per number that no label names. */
function codesOf(labels, voxels) {
    const numbers = [0, ...labels.filter((l) => l.index > 0).map((l) => l.index)];
    const code = new Map(numbers.map((n, k) => [n, k]));
    for (const n of voxels) {
        if (!code.has(n)) { code.set(n, numbers.length); numbers.push(n); }
    }
    if (numbers.length > 256) throw new Failure(0, T.tooManyLabels);
    return { numbers, code };
}

/** NiiVue draws at once with every setting; several in a row would draw the head in 3-D several times for one picture. */
function oncePerFrame(nv) {
    const draw = nv.drawScene.bind(nv);
    let waiting = false;
    nv.drawScene = () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => { waiting = false; if (nv.canvas?.isConnected) draw(); });
    };
    nv.drawNow = draw;
}

export class Viewer {
    /** On a canvas that is already in the page. */
    static async open(canvas) {
        const self = new Viewer();
        const { Niivue } = await niivue();
        self.canvas = canvas;
        canvas.viewer = self; // for the tests in a browser
        self.nv = new Niivue({
            backColor: [0, 0, 0, 1], crosshairColor: [0.35, 0.75, 0.95, 0.8], crosshairGap: 6, crosshairWidth: 0.8, crosshairWidthUnit: 'mm', isRadiologicalConvention: true, sagittalNoseLeft: true, show3Dcrosshair: false,
            isNearestInterpolation: false, multiplanarShowRender: 1, multiplanarLayout: 2, dragAndDropEnabled: false,
            logLevel: 'error', loadingText: '', fontColor: [0.85, 0.85, 0.85, 1], fontMinPx: 11,
            viewModeHotKey: '', clipPlaneHotKey: '', cycleClipPlaneHotKey: '', isForceMouseClickToVoxelCenters: true, tileMargin: 2,
            smoothDrawing: 1, clipPlaneColor: [0, 0, 0, 0], showAllOrientationMarkers: true,
        });
        oncePerFrame(self.nv);
        await self.nv.attachToCanvas(canvas, true);
        self.nv.onLocationChange = () => self.moved();
        self.listener = null;
        self.hidden = new Set();
        self.fade = 0.55;
        self.layout = 'all';
        canvas.addEventListener('keydown', (event) => self.key(event), true);
        return self;
    }

    async load(job, labels, labelFile, version, signal) {
        const [scan, map] = await Promise.all([bytesOf(`/api/jobs/${job}/scan`, signal), bytesOf(fileUrl(job, labelFile, version), signal)]);
        const file = await readLabels(map);
        this.codes = codesOf(labels, file.voxels);
        this.labels = labels;
        this.nv.drawLut = this.colours(); // before the scan: NiiVue sends colours to the graphics processor together with it
        await this.nv.loadFromArrayBuffer(scan, 'scan.nii.gz');
        this.setLabels(file);
        this.nv.setRenderAzimuthElevation(150, 15);
        this.nv.setClipPlane([-1.6, 0, 0]); // in 3-D the labels alone: the head would hide them
        const all = this.extent(labels.map((l) => l.index).filter((n) => !this.hidden.has(n)));
        if (all) this.nv.scene.volScaleMultiplier = Math.min(3, (0.85 * Math.max(...this.grid.size.map((n, k) => n * this.spacing[k]))) / all.mm);
        this.setFade(this.fade);
        this.goTo(this.extent(labels.filter((l) => /^hypothalamus/.test(l.structure)).map((l) => l.index))?.centre);
    }

    /** Takes a label map on the grid of the scan. */
    setLabels(file) {
        const back = this.nv.volumes[0];
        this.file = file;
        this.grid = gridOf(file.dim, back.permRAS);
        this.spacing = back.permRAS.map((k) => file.spacing[Math.abs(k) - 1]);
        this.check(back);
        const [nx, ny, nz] = this.grid.size;
        const map = new Uint8Array(nx * ny * nz);
        for (let z = 0, n = 0; z < nz; ++z) {
            for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x, ++n) map[n] = this.codes.code.get(file.voxels[this.grid.at(x, y, z)]);
        }
        this.nv.createEmptyDrawing();
        this.map = map;
        this.redraw();
    }

    /** The label map has the scan's grid, and the viewer's millimetres are those of the file: at three corners, by the file's own affine. */
    check(back) {
        const same = this.grid.size.every((n, k) => n === back.dimsRAS[k + 1]);
        const apart = same ? Math.max(...[[0, 0, 0], [this.grid.size[0] - 1, 0, 0], [0, this.grid.size[1] - 1, this.grid.size[2] - 1]].map((voxel) => {
            const own = mmOf(this.file.affine, this.grid.voxel(...voxel));
            const theirs = this.nv.frac2mm(this.nv.vox2frac(voxel), 0, true);
            return Math.hypot(...own.map((v, k) => v - theirs[k]));
        })) : Infinity;
        if (!(apart < 0.05)) throw new Failure(0, T.gridsDiffer);
    }

    colours() {
        const lut = new Uint8ClampedArray(4 * 256);
        const names = [''];
        this.codes.numbers.forEach((number, code) => {
            const label = this.labels.find((l) => l.index === number);
            const colour = label?.color ?? '#888888';
            for (let k = 0; k < 3; ++k) lut[4 * code + k] = parseInt(colour.slice(1 + 2 * k, 3 + 2 * k), 16);
            lut[4 * code + 3] = code === 0 ? 0 : 255;
            names[code] = '';
        });
        return { lut, labels: names };
    }

    show(numbers, yes) {
        for (const n of numbers) { if (yes) this.hidden.delete(n); else this.hidden.add(n); }
        this.redraw();
    }

    /** 0: only outlines; 1: the scan below cannot be seen. */
    setFade(part) {
        this.fade = part;
        this.nv.drawRimOpacity = part > 0 ? Math.min(1, 0.35 + part) : 0;
        this.nv.setDrawOpacity(part);
    }

    setLayout(name) {
        this.layout = name;
        this.nv.setSliceType(LAYOUTS[name]);
        this.refresh(true);
    }

    /** 1: the whole head. Zooms on the crosshair. */
    setZoom(factor) {
        const mm = this.nv.frac2mm(this.nv.scene.crosshairPos, 0, true);
        this.zoom = factor;
        this.nv.opts.crosshairWidth = 0.8 / factor; // in mm, so that it stays a line
        this.nv.scene.pan2Dxyzmm = factor > 1.01 ? [-mm[0], -mm[1], -mm[2], factor] : [0, 0, 0, 1];
        this.nv.drawScene();
    }

    /** Where structures lie: {centre, a voxel of the grid; mm, the longest side of the box around them}. NULL: no voxel has their labels. */
    extent(numbers) {
        const wanted = new Uint8Array(256);
        for (const n of numbers) if (this.codes.code.get(n) > 0) wanted[this.codes.code.get(n)] = 1;
        const [nx, ny, nz] = this.grid.size;
        const low = [nx, ny, nz];
        const high = [-1, -1, -1];
        for (let z = 0, n = 0; z < nz; ++z) {
            for (let y = 0; y < ny; ++y) {
                for (let x = 0; x < nx; ++x, ++n) {
                    if (wanted[this.map[n]] === 0) continue;
                    [x, y, z].forEach((v, k) => { low[k] = Math.min(low[k], v); high[k] = Math.max(high[k], v); });
                }
            }
        }
        if (high[0] < 0) return null;
        return {
            centre: low.map((v, k) => Math.round((v + high[k]) / 2)), mm: Math.max(...low.map((v, k) => (high[k] - v + 1) * this.spacing[k])),
        };
    }

    /** The factor at which a box of so many millimetres fills a good part of the planes. */
    zoomFor(mm) {
        const whole = Math.max(...this.grid.size.map((n, k) => n * this.spacing[k]));
        return Math.max(1, Math.min(8, (0.3 * whole) / mm));
    }

    /** A voxel of the grid. */
    goTo(voxel) {
        if (!voxel) return;
        this.nv.scene.crosshairPos = this.nv.vox2frac(voxel);
        if (this.zoom > 1.01) this.setZoom(this.zoom);
        this.nv.createOnLocationChange();
        this.nv.drawScene();
    }

    goToMm(mm) {
        this.nv.scene.crosshairPos = this.nv.mm2frac(mm, 0, true);
        this.nv.createOnLocationChange();
        this.nv.drawScene();
    }

    get voxel() {
        return [...this.nv.frac2vox(this.nv.scene.crosshairPos)];
    }

    labelAt([x, y, z]) {
        const [nx, ny, nz] = this.grid.size;
        if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) return null;
        const number = this.codes.numbers[this.map[x + nx * (y + ny * z)]];
        return this.labels.find((l) => l.index === number) ?? null;
    }

    /** What lies under a point of the canvas (CSS pixels): {voxel, plane (the axis across it; null in 3-D)}; null beside the planes. */
    under(x, y) {
        const scale = this.nv.uiData?.dpr ?? devicePixelRatio ?? 1;
        const tile = this.nv.tileIndex(x * scale, y * scale);
        if (tile < 0) return null;
        const kind = this.nv.screenSlices[tile].axCorSag;
        if (kind > 2) return null;
        const frac = this.nv.screenXY2TextureFrac(x * scale, y * scale, tile, true);
        if (frac[0] < 0) return null;
        return { voxel: [...this.nv.frac2vox(frac)], plane: [2, 1, 0][kind] };
    }

    moved() {
        if (!this.listener || !this.file) return;
        const voxel = this.voxel;
        this.listener({ voxel, label: this.labelAt(voxel), mm: mmOf(this.file.affine, this.grid.voxel(...voxel)) });
    }

    key(event) {
        const move = MOVES[event.key];
        if (event.ctrlKey || event.metaKey || event.altKey || event.key === 'Tab') return;
        event.stopImmediatePropagation(); // the viewer's own letters are not offered: they cannot be found out
        if (!move) { this.onkey?.(event); return; }
        event.preventDefault();
        const by = event.shiftKey ? 5 : 1;
        this.nv.moveCrosshairInVox(...move.map((v) => v * by));
    }

    /** What the canvas shows, as a picture for paper. */
    picture() {
        this.nv.drawNow();
        return this.canvas.toDataURL('image/png');
    }

    /** Shows the map, without the labels that are switched off. */
    redraw() {
        const { map } = this;
        const out = new Uint8Array(map.length);
        const shown = this.shownCodes();
        for (let n = 0; n < map.length; ++n) if (map[n] !== 0) out[n] = shown[map[n]];
        this.nv.drawBitmap = out;
        this.refresh(true);
    }

    shownCodes() {
        return Uint8Array.from(this.codes.numbers, (number, code) => (this.hidden.has(number) ? 0 : code));
    }

    /** To the graphics processor. smooth: with smooth surfaces in 3-D, where there is a 3-D picture; not in the middle of a stroke. */
    refresh(smooth) {
        this.nv.opts.smoothDrawing = smooth && (this.layout === 'all' || this.layout === 'render') ? 1 : 0;
        this.nv.refreshDrawing(true);
    }

    /** The label map with the drawing in it, as a file of the server's (gzip). */
    async fileOf(map) {
        const out = this.file.voxels.slice();
        const [nx, ny, nz] = this.grid.size;
        for (let z = 0, n = 0; z < nz; ++z) {
            for (let y = 0; y < ny; ++y) for (let x = 0; x < nx; ++x, ++n) out[this.grid.at(x, y, z)] = this.codes.numbers[map[n]];
        }
        return this.file.write(out);
    }

    close() {
        this.listener = null;
        this.nv.cleanup();
        this.nv.gl?.getExtension('WEBGL_lose_context')?.loseContext();
    }
}
