// The scan with its labels and what belongs to it: views, fading, zoom, and a line that says what lies under the crosshair.
import { fileUrl } from './api.js';
import { h, put } from './dom.js';
import { sideName, withUnit } from './format.js';
import { hasWebGL, Viewer } from './viewer.js';
import T from './texts.js';

function layoutButtons(viewer) {
    const buttons = Object.entries(T.layout).map(([name, text]) => h('button', {
        type: 'button', 'aria-pressed': name === 'all' ? 'true' : 'false', onclick: () => {
            for (const b of buttons) b.setAttribute('aria-pressed', b === buttons[Object.keys(T.layout).indexOf(name)] ? 'true' : 'false');
            viewer().setLayout(name);
        },
    }, text));
    return h('div', { class: 'segments', role: 'group', 'aria-label': T.layoutLabel }, buttons);
}

export function viewerPanel(job, data, table) {
    const canvas = h('canvas', { tabindex: 0, role: 'application', 'aria-label': `${T.viewer}. ${T.viewerHelp}` });
    const stage = h('div', { class: 'stage' }, canvas, h('p', { class: 'over', role: 'status' }, T.loadingScan));
    const line = h('p', { class: 'pointer', 'aria-live': 'polite' }, '\u00a0');
    const stop = new AbortController();
    let viewer = null;
    let onMove = null;
    const fade = h('input', { type: 'range', min: 0, max: 100, value: 55, oninput: () => viewer?.setFade(fade.value / 100) });
    const zoom = h('input', { type: 'range', min: 0, max: 30, value: 0, oninput: () => viewer?.setZoom(2 ** (zoom.value / 10)) });
    const bar = h('div', { class: 'row tools' }, layoutButtons(() => viewer),
        h('label', { class: 'slide' }, T.fade, fade), h('label', { class: 'slide' }, T.zoom, zoom));
    const element = h('div', { class: 'viewer' }, bar, stage, line, h('p', { class: 'soft small' }, T.radiological));

    function tell({ label, mm }) {
        put(line, label
            ? [h('span', { class: 'chip', css: { background: label.color } }), h('strong', {}, sideName(label.hemi, table.name(label))), ' ',
                withUnit(table.of(label), label.structure)]
            : h('span', { class: 'soft' }, T.pointerNothing), h('span', { class: 'soft' }, ' \u00b7 '), h('span', { class: 'soft' }, T.pointer(mm)));
        onMove?.();
    }
    return {
        element, canvas,
        get viewer() { return viewer; },
        set moved(listener) { onMove = listener; },
        show: (numbers, yes) => viewer?.show(numbers, yes),
        /** To the middle of a structure, as large as it can be seen. */
        go(numbers) {
            const place = viewer?.extent(numbers);
            if (!place) return;
            const factor = viewer.zoomFor(place.mm);
            zoom.value = 10 * Math.log2(factor);
            viewer.goTo(place.centre);
            viewer.setZoom(factor);
            canvas.focus({ preventScroll: true });
        },
        /** Once the element is in the page. False: the scan cannot be shown; the reason stands there. */
        async open() {
            const status = stage.querySelector('.over');
            if (!hasWebGL()) {
                const picture = data.files.find((f) => f.name.endsWith('_qc.png'));
                put(element, h('p', { class: 'card', role: 'status' }, picture ? T.noWebGL : T.noWebGLNoPicture),
                    picture ? h('img', { src: fileUrl(job.id, picture.name, data.version), alt: T.pictureOf(job.name) }) : null, h('p', { class: 'soft small' }, T.radiological));
                return false;
            }
            try {
                viewer = await Viewer.open(canvas);
                viewer.listener = tell;
                viewer.hidden = new Set(table.hidden());
                const file = data.files.find((f) => f.name.endsWith('_dseg.nii.gz'));
                await viewer.load(job.id, data.labels, file.name, data.version, stop.signal);
                status.remove();
                element.classList.add('ready');
                return true;
            } catch (error) {
                if (error.name === 'AbortError') return false;
                console.error(error);
                put(status, error.message);
                return false;
            }
        },
        close() { stop.abort(); viewer?.close(); viewer = null; },
    };
}
