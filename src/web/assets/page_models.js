// The networks with their cards, the import of a published one, and the curves of trainings while they run.
import { get, post } from './api.js';
import { frame, path } from './chart.js';
import { h, put, svg } from './dom.js';
import { listen } from './live.js';
import { markdown } from './markdown.js';
import { problem, stateMark } from './parts.js';
import { upload } from './upload.js';
import T from './texts.js';

function modelCard(model) {
    const card = h('div', { class: 'text' });
    return h('li', { class: 'card' }, h('h2', {}, model.title || model.name, model.default ? h('span', { class: 'mark ok' }, T.standard) : null),
        h('dl', {}, h('dt', {}, T.structures), h('dd', {}, (model.structures ?? []).map((s) => (typeof s === 'string' ? s : s.name).replace(/_/g, ' ')).join(', ')),
            model.trained_on ? [h('dt', {}, T.trainedOn), h('dd', {}, model.trained_on)] : null,
            model.licence ? [h('dt', {}, T.licence), h('dd', {}, model.licence)] : null),
        model.card ? h('details', { ontoggle: (event) => { if (event.target.open) put(card, markdown(model.card)); } }, h('summary', {}, T.card), card) : null);
}

/** Curves over steps: a line per column that holds numbers; train and validation share a picture when their units do. */
function curves(name, { columns, rows }) {
    const xName = columns.find((c) => /^(step|epoch|iteration)$/i.test(c)) ?? columns[0];
    const xAt = columns.indexOf(xName);
    const usable = columns.map((c, k) => ({ c, k })).filter(({ c, k }) => k !== xAt && !/^(step|epoch|time|seconds|rate|learning_rate)$/i.test(c)
        && rows.some((r) => Number.isFinite(Number(r[k])) && r[k] !== '' && r[k] !== null));
    return h('div', { class: 'charts' }, usable.map(({ c, k }) => {
        const points = rows.map((r) => [Number(r[xAt]), r[k] === null || r[k] === '' || r[k] === 'n/a' ? NaN : Number(r[k])]);
        const ys = points.map((p) => p[1]).filter(Number.isFinite);
        const xs = points.map((p) => p[0]);
        const { root, x, y } = frame({
            xs: [Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1)], ys: [Math.min(...ys), Math.max(...ys, Math.min(...ys) + 1e-6)], xLabel: T.curveAxis,
            label: `${c}: ${ys[ys.length - 1]}`,
        });
        const shown = points.filter((p) => Number.isFinite(p[1]));
        root.append(svg('path', { d: path(shown, x, y), class: 'line curve' }));
        return h('figure', { class: 'norm' }, h('figcaption', {}, h('strong', {}, c.replace(/_/g, ' ')), ' ', h('span', { class: 'soft' }, String(Number(ys[ys.length - 1].toPrecision(4))))), root);
    }));
}

function training(first) {
    const title = h('div', { class: 'row spread' });
    const place = h('div', {});
    let drawn = 0;
    const self = {
        element: h('li', { class: 'card' }, title, place),
        async update(now) {
            put(title, h('h3', {}, now.name), h('span', {}, stateMark({ state: now.state }), ' ', h('span', { class: 'soft' }, T.trainingStep(now.step, now.steps))));
            if (Date.now() - drawn < 1000) return;
            drawn = Date.now();
            try { put(place, curves(now.name, await get(`/api/trainings/${encodeURIComponent(now.name)}/curves`))); } catch (error) { put(place, problem(error)); }
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
    const list = h('ul', { class: 'plain cards wide' }, models.map(modelCard));
    const file = h('input', {
        type: 'file', accept: '.h5,.hdf5,.keras,.safetensors', class: 'unseen', tabindex: '-1', 'aria-hidden': 'true', id: 'model-file', async onchange() {
            const [chosen] = file.files;
            try {
                put(status, h('p', { role: 'status' }, T.uploading(chosen.name)));
                const id = await upload([chosen]);
                const model = await post('/api/models', { upload: id });
                put(status, h('p', { role: 'status' }, T.imported(model?.name ?? chosen.name)));
                const now = await get('/api/models');
                put(list, (Array.isArray(now) ? now : now.models).map(modelCard));
            } catch (error) { put(status, problem(error)); }
            file.value = '';
        },
    });
    const watched = new Map(trainings.map((t) => [t.name, training(t)]));
    const runs = h('ul', { class: 'plain cards wide' }, [...watched.values()].map((t) => t.element));
    put(main, h('h1', {}, T.models), h('p', { class: 'soft' }, T.modelsNote), list,
        h('section', {}, h('h2', {}, T.importTitle), h('p', { class: 'soft' }, T.importNote),
            h('button', { type: 'button', onclick: () => file.click() }, T.importChoose), file, status),
        h('section', {}, h('h2', {}, T.trainings), trainings.length === 0 ? h('p', { class: 'soft' }, T.noTrainings) : runs));
    const end = listen('training', (now) => {
        if (!watched.has(now.name)) { const t = training(now); watched.set(now.name, t); runs.append(t.element); } else watched.get(now.name).update(now);
    });
    return end;
}
