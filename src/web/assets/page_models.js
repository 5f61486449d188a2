// The networks with their cards, the import of a published one, and the curves of trainings while they run.
import { get, post } from './api.js';
import { frame, path } from './chart.js';
import { structureName } from './format.js';
import { field, h, put, svg } from './dom.js';
import { listen } from './live.js';
import { markdown } from './markdown.js';
import { problem } from './parts.js';
import { upload } from './upload.js';
import T from './texts.js';

function modelCard(model) {
    const card = h('div', { class: 'text' });
    return h('li', { class: 'card' }, h('h2', {}, model.title || model.name, model.default ? h('span', { class: 'mark ok' }, T.standard) : model.own && /^hypothalamus-any-contrast/.test(model.name) ? h('span', { class: 'mark soft' }, T.otherContrast) : model.own === false ? h('span', { class: 'mark warn' }, T.importedMark) : null),
        h('dl', {}, h('dt', {}, T.structures), h('dd', {}, (model.structures ?? []).map((s) => structureName(typeof s === 'string' ? s : s.name)).join(', ')),
            model.trained_on ? [h('dt', {}, T.trainedOn), h('dd', {}, model.trained_on)] : null,
            model.licence ? [h('dt', {}, T.licence), h('dd', {}, model.licence)] : null),
        model.card ? h('details', { ontoggle: (event) => { if (event.target.open) put(card, markdown(model.card)); } }, h('summary', {}, T.card), card) : null);
}

/** Values of a column over the steps: [[step, value]]; [] where the table does not have it, or no number in it. */
function series({ columns, rows }, name) {
    const [x, y] = [columns.indexOf('step'), columns.indexOf(name)];
    return x < 0 || y < 0 ? [] : rows.map((r) => [r[x], r[y]]).filter((p) => Number.isFinite(p[0]) && Number.isFinite(p[1]));
}

/** A picture per column of numbers, with the values of training and, dashed, of validation. */
function curves(log) {
    const validation = log.validation ?? { columns: [], rows: [] };
    const names = [...new Set([...log.columns, ...validation.columns])].filter((c) => !/^(step|epoch|time|seconds|rate|learning_rate)$/i.test(c));
    const last = (points) => (points.length > 0 ? String(Number(points[points.length - 1][1].toPrecision(4))) : null);
    return h('div', { class: 'charts' }, names.map((name) => {
        const lines = [[series(log, name), 'line curve', T.training], [series(validation, name), 'line curve validation', T.validation]].filter(([points]) => points.length > 0);
        const all = lines.flatMap(([points]) => points);
        if (all.length === 0) return null;
        const range = (k) => {
            const v = all.map((p) => p[k]);
            const [low, high] = [Math.min(...v), Math.max(...v)];
            return low < high ? [low, high] : [Math.min(low, 0), Math.max(high, 1)];
        };
        const words = lines.map(([points, , what]) => `${what} ${last(points)}`).join(', ');
        const { root, x, y } = frame({ xs: range(0), ys: range(1), xLabel: T.curveAxis, label: `${T.curveName(name)}: ${words}` });
        for (const [points, look] of lines) {
            root.append(svg('path', { d: path(points, x, y), class: look }));
            if (points.length === 1) root.append(svg('circle', { cx: x(points[0][0]), cy: y(points[0][1]), r: 3, class: 'person' }));
        }
        return h('figure', { class: 'norm' }, h('figcaption', {}, h('strong', {}, T.curveName(name)), ' ', h('span', { class: 'soft' }, words)), root);
    }));
}

function training(first) {
    const title = h('div', { class: 'row spread' });
    const place = h('div', {});
    let drawn = 0;
    let due = null;
    async function draw(name) {
        drawn = Date.now();
        try { put(place, curves(await get(`/api/trainings/${encodeURIComponent(name)}/curves`))); } catch (error) { put(place, problem(error)); }
    }
    const self = {
        element: h('li', { class: 'card' }, title, place),
        update(now) {
            const state = h('span', { class: `mark ${now.state === 'running' ? 'ok' : 'soft'}` }, T.trainingState[now.state] ?? now.state);
            put(title, h('h3', {}, now.name), h('span', {}, state, ' ', Number.isFinite(now.step) ? h('span', { class: 'soft' }, T.trainingStep(now.step)) : null));
            // News may come faster than pictures are drawn; the last one is always drawn.
            due ??= setTimeout(() => { due = null; draw(now.name); }, Math.max(0, drawn + 1000 - Date.now()));
        },
    };
    self.update(first);
    return self;
}

export async function show(main, _parts, current) {
    const [models, trainings] = (await Promise.all([get('/api/models'), get('/api/trainings').catch(() => [])]))
        .map((a) => (Array.isArray(a) ? a : a.models ?? a.trainings ?? []));
    if (!current()) return null;
    const status = h('div', { 'aria-live': 'polite' });
    const cards = (all) => all.slice().sort((a, b) => (b.default ? 1 : 0) - (a.default ? 1 : 0)).map(modelCard); // those that are used come first
    const list = h('ul', { class: 'plain cards wide' }, cards(models));
    const name = h('input', { type: 'text', maxlength: 100 });
    const file = h('input', {
        type: 'file', accept: '.h5,.hdf5,.keras,.safetensors', class: 'unseen', tabindex: '-1', 'aria-hidden': 'true', id: 'model-file', async onchange() {
            const [chosen] = file.files;
            try {
                put(status, h('p', { role: 'status' }, T.uploading(chosen.name)));
                const id = await upload([chosen]);
                const model = await post('/api/models', { upload: id, name: name.value.trim() || null });
                name.value = '';
                put(status, h('p', { role: 'status' }, T.imported(model?.name ?? chosen.name)));
                const now = await get('/api/models');
                put(list, cards(Array.isArray(now) ? now : now.models));
            } catch (error) { put(status, problem(error)); }
            file.value = '';
        },
    });
    const watched = new Map(trainings.map((t) => [t.name, training(t)]));
    const runs = h('ul', { class: 'plain' }, [...watched.values()].map((t) => t.element));
    put(main, h('h1', {}, T.models), h('p', { class: 'soft' }, T.modelsNote), list,
        h('section', {}, h('h2', {}, T.importTitle), h('p', { class: 'soft' }, T.importNote),
            h('div', { class: 'fields' }, field(T.importName, name), h('button', { type: 'button', onclick: () => file.click() }, T.importChoose)), file, status),
        h('section', {}, h('h2', {}, T.trainings), trainings.length === 0 ? h('p', { class: 'soft' }, T.noTrainings) : runs));
    const end = listen('training', (now) => {
        if (!watched.has(now.name)) { const t = training(now); watched.set(now.name, t); runs.append(t.element); } else watched.get(now.name).update(now);
    });
    return end;
}
