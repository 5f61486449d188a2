// Painting on the labels: tools, keys, undo, and the form that saves a new version.
import { ask, choice, field, h, keep, put, say } from './dom.js';
import { post } from './api.js';
import { along, covered, Strokes } from './brush.js';
import { sideName, structureName, unitOf, volume } from './format.js';
import { problem } from './parts.js';
import { nameOf as structureOf } from './volumes.js';
import T from './texts.js';

const RADII = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12];

function segments(label, pairs, chosen, pick) {
    const buttons = pairs.map(([value, text]) => h('button', {
        type: 'button', 'aria-pressed': value === chosen ? 'true' : 'false', onclick: () => pick(value),
    }, text));
    return {
        element: h('div', { class: 'segments', role: 'group', 'aria-label': label }, buttons),
        set(value) { buttons.forEach((b, k) => b.setAttribute('aria-pressed', pairs[k][0] === value ? 'true' : 'false')); },
    };
}

export function correction(panel, job, data, { saved, left }) {
    const { viewer, canvas } = panel;
    const strokes = new Strokes(viewer.map);
    const before = strokes.counts.slice();
    strokes.onset = (place, value) => { viewer.nv.drawBitmap[place] = viewer.hidden.has(viewer.codes.numbers[value]) ? 0 : value; };
    const nameOf = (label) => {
        const v = data.volumes.find((x) => x.structure === label.structure);
        return sideName(label.hemi, v ? structureOf(v) : structureName(label.structure));
    };
    const paintable = data.labels.filter((l) => l.index > 0);
    let tool = 'paint';
    let shape = 'disc';
    let size = 2;
    let code = viewer.codes.code.get((paintable.find((l) => /^hypothalamus/.test(l.structure)) ?? paintable[0]).index);
    let over = 'all';
    let eraseThis = false;
    let saving = false;

    const tools = segments(T.tool, [['paint', T.paint], ['erase', T.erase], ['look', T.look]], tool, setTool);
    const shapes = segments(T.shape, [['disc', T.disc], ['ball', T.ball]], shape, (value) => { shape = value; shapes.set(value); });
    const radius = h('input', { type: 'range', min: 0, max: RADII.length - 1, value: size, oninput: () => setSize(Number(radius.value)) });
    const radiusText = h('output', {}, T.mm(RADII[size]));
    const label = choice(paintable.map((l) => [viewer.codes.code.get(l.index), nameOf(l)]), code, (value) => { code = Number(value); });
    const which = choice([['all', T.overAll], ['nothing', T.overNothing], ['labels', T.overLabels]], over, (value) => { over = value; });
    const erased = choice([['all', T.overAll], ['this', T.eraseOnly]], 'all', (value) => { eraseThis = value === 'this'; });
    const whichField = field(T.over, which);
    const erasedField = field(T.eraseWhat, erased);
    const undo = h('button', { type: 'button', onclick: () => step('undo') }, T.undo);
    const redo = h('button', { type: 'button', onclick: () => step('redo') }, T.redo);
    const changes = h('ul', { class: 'plain', 'aria-live': 'polite' });
    const who = h('input', { type: 'text', autocomplete: 'name', value: keep.get('who'), maxlength: 200 });
    const why = h('input', { type: 'text', maxlength: 500, class: 'long' });
    const trouble = h('div', { role: 'alert' });
    const saveButton = h('button', { type: 'submit', class: 'primary' }, T.saveVersion);
    const form = h('form', { class: 'fields', onsubmit: save }, field(T.who, who), field(T.why, why),
        h('div', { class: 'row' }, saveButton, h('button', { type: 'button', onclick: leave }, T.leave)));
    const element = h('section', { class: 'card correct screen', 'aria-label': T.correctTitle }, h('h2', {}, T.correctTitle),
        h('p', { class: 'soft small' }, T.correctHelp),
        h('div', { class: 'row tools' }, tools.element, shapes.element, h('label', { class: 'slide' }, T.radius, radius, radiusText)),
        h('div', { class: 'fields' }, field(T.label, label), whichField, erasedField, h('div', { class: 'row' }, undo, redo)),
        h('div', {}, h('strong', { class: 'small' }, T.changedVoxels), changes), form, trouble);

    function setTool(value) {
        tool = value;
        tools.set(value);
        whichField.hidden = value === 'erase';
        erasedField.hidden = value !== 'erase';
        canvas.classList.toggle('painting', value !== 'look');
    }
    function setSize(value) {
        size = Math.max(0, Math.min(RADII.length - 1, value));
        radius.value = size;
        put(radiusText, T.mm(RADII[size]));
    }
    const voxelMm3 = () => viewer.spacing.reduce((a, b) => a * b, 1);
    function show(smooth = true) {
        viewer.refresh(smooth);
        viewer.moved(); // what lies under the crosshair may be another label now
        undo.disabled = strokes.done.length === 0;
        redo.disabled = strokes.undone.length === 0;
        const lines = [];
        viewer.codes.numbers.forEach((number, k) => {
            const l = data.labels.find((x) => x.index === number);
            if (k === 0 || before[k] === strokes.counts[k] || !l) return;
            const text = (n) => volume(n * voxelMm3(), 'hypothalamus'); // in mm³, also of large structures: a stroke is small
            lines.push(h('li', {}, h('span', { class: 'chip', css: { background: l.color } }),
                T.change(nameOf(l), text(before[k]), text(strokes.counts[k]), unitOf('hypothalamus'))));
        });
        put(changes, lines.length > 0 ? lines : h('li', { class: 'soft' }, T.noChange));
    }
    const allowed = (old) => (tool === 'erase' ? !eraseThis || old === code : over === 'all' || (over === 'nothing' ? old === 0 : old !== 0));
    function stamp(voxel, plane) {
        strokes.paint(covered(viewer.grid.size, viewer.spacing, voxel, RADII[size], shape === 'disc' ? plane : null), tool === 'erase' ? 0 : code, allowed);
    }
    function step(name) {
        if (strokes[name]()) show();
    }

    // The pointer: while a tool is chosen, the first button paints and nothing of it reaches the viewer.
    let last = null;
    const at = (event) => {
        const box = canvas.getBoundingClientRect();
        return viewer.under(event.clientX - box.left, event.clientY - box.top);
    };
    function down(event) {
        if (saving) return;
        if (tool === 'look' || event.button !== 0) return;
        const hit = at(event);
        if (!hit) return; // in 3-D the pointer turns the head
        event.stopImmediatePropagation();
        event.preventDefault();
        canvas.focus({ preventScroll: true });
        canvas.setPointerCapture?.(event.pointerId);
        viewer.goTo(hit.voxel);
        strokes.begin();
        stamp(hit.voxel, hit.plane);
        last = hit;
        show(false);
    }
    function move(event) {
        if (!last) return;
        event.stopImmediatePropagation();
        const hit = at(event);
        if (!hit || hit.plane !== last.plane) return;
        for (const voxel of along(last.voxel, hit.voxel)) stamp(voxel, hit.plane);
        last = hit;
        viewer.refresh(false);
    }
    function up(event) {
        if (!last) return;
        event.stopImmediatePropagation();
        strokes.end();
        last = null;
        show();
    }
    const swallow = (event) => { if (last || (tool !== 'look' && event.button === 0 && event.type === 'mousedown' && at(event))) event.stopImmediatePropagation(); };
    const heard = [['pointerdown', down], ['pointermove', move], ['pointerup', up], ['pointercancel', up], ['mousedown', swallow], ['mousemove', swallow],
        ['mouseup', swallow], ['touchstart', swallow], ['touchmove', swallow]];
    const frame = canvas.parentElement; // before the viewer's own listeners on the canvas
    for (const [kind, listener] of heard) frame.addEventListener(kind, listener, { capture: true });

    function keyed(event) {
        if (!(event.ctrlKey || event.metaKey) || saving || event.target.closest?.('input:not([type=range]), textarea, select')) return;
        if (event.key.toLowerCase() === 'z') { event.preventDefault(); step(event.shiftKey ? 'redo' : 'undo'); }
        if (event.key.toLowerCase() === 'y') { event.preventDefault(); step('redo'); }
    }
    addEventListener('keydown', keyed);
    viewer.onkey = (event) => {
        const key = event.key.toLowerCase();
        if (key === 'p') setTool('paint');
        else if (key === 'e') setTool('erase');
        else if (key === '[') setSize(size - 1);
        else if (key === ']') setSize(size + 1);
        else if (key === ' ' || key === 'enter') {
            event.preventDefault();
            if (tool === 'look' || saving) return;
            strokes.begin();
            stamp(viewer.voxel, { axial: 2, coronal: 1, sagittal: 0 }[viewer.layout] ?? 1);
            strokes.end();
            show();
        }
    };

    async function save(event) {
        event.preventDefault();
        if (saving) return;
        for (const [input, text] of [[who, T.whoNeeded], [why, T.whyNeeded]]) {
            if (input.value.trim() === '') { put(trouble, h('p', { class: 'error' }, text)); input.focus(); return; }
        }
        keep.set('who', who.value.trim());
        put(trouble, h('p', { role: 'status' }, T.saving));
        saving = true; // what is painted from here on would not be in the file
        saveButton.disabled = undo.disabled = redo.disabled = true;
        try {
            const file = await viewer.fileOf(viewer.map);
            const next = await post(`/api/jobs/${job.id}/versions?base=${data.version}`, new Uint8Array(file), {
                headers: { 'X-Who': encodeURIComponent(who.value.trim()), 'X-Why': encodeURIComponent(why.value.trim()) },
            });
            strokes.done = [];
            say(T.savedVersion(next.version));
            saved(next);
        } catch (error) {
            put(trouble, problem(error));
            saveButton.disabled = false;
            saving = false;
            show();
        }
    }
    /** Asks where something would be lost. */
    async function mayLeave() {
        if (strokes.changed && !await ask(T.leaveTitle, T.leaveText, T.discard, T.stay)) return false;
        strokes.done = [];
        return true;
    }
    async function leave() {
        if (await mayLeave()) left();
    }
    const unload = (event) => { if (strokes.changed) event.preventDefault(); };
    addEventListener('beforeunload', unload);
    setTool('paint');
    show();
    canvas.focus({ preventScroll: true });
    return {
        element, mayLeave,
        close() {
            for (const [kind, listener] of heard) frame.removeEventListener(kind, listener, { capture: true });
            removeEventListener('keydown', keyed);
            removeEventListener('beforeunload', unload);
            viewer.onkey = null;
        },
    };
}
