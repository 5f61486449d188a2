// What is asked of a scan: which structures, by which network of the hypothalamus, how. On the first page, and where a scan is measured again.
import { get } from './api.js';
import { choice, field, h, keep, put } from './dom.js';
import T from './texts.js';

const measuresHypothalamus = (structures) => structures === '' || structures === 'hypothalamus';

/** What a person has to know of a network before choosing it: whose it is, what it was trained on, its licence. */
function about(model) {
    if (!model) return h('p', { class: 'soft small' }, T.networkUsual);
    return h('div', { class: 'network' },
        model.own ? null : h('p', { class: 'warn-text' }, T.networkImported),
        h('dl', {}, model.trained_on ? [h('dt', {}, T.trainedOn), h('dd', {}, model.trained_on)] : null,
            h('dt', {}, T.licence), h('dd', {}, model.licence || T.networkNoLicence)),
        h('p', { class: 'soft small' }, T.networkApart, ' ', h('a', { href: '#/models', target: '_blank', rel: 'noopener' }, T.networkCards)));
}

/** The fields, and what they say in the form of the API: of(). start: {structures, model, fast} to begin with; kept: begin with what this
 *  browser chose last, and keep it (never the network: another one than the usual is chosen each time). */
export function askOptions(server, start = {}, kept = false) {
    const first = { structures: kept ? keep.get('structures', '') : start.structures === 'all' ? '' : start.structures ?? '', fast: kept ? keep.get('fast') === 'yes' : start.fast === true };
    const fast = h('input', { type: 'checkbox', checked: first.fast, onchange: () => { if (kept) keep.set('fast', fast.checked ? 'yes' : ''); } });
    const card = h('div', {});
    let models = [];
    const usual = server.model ? T.networkServer(server.model) : T.networkOwn;
    const network = choice([['', usual]], '', () => draw());
    const structures = choice([['', T.structuresAll], ...(server.structures || []).map((s) => [s.name, s.label || s.name])], first.structures, (value) => {
        if (kept) keep.set('structures', value);
        draw();
    });
    const place = field(T.network, network);
    function draw() {
        place.hidden = !measuresHypothalamus(structures.value);
        put(card, place.hidden ? null : about(models.find((m) => m.name === network.value)));
    }
    draw();
    /** The list comes when it is wanted. */
    async function load() {
        const all = (await get('/api/models').catch(() => null))?.models ?? [];
        models = all.filter((m) => m.choice);
        const names = [['', usual], ...models.map((m) => [m.name, m.own ? m.name : T.networkName(m.name)])];
        put(network, names.map(([value, text]) => h('option', { value, selected: value === (start.model ?? '') }, text)));
        draw();
    }
    return {
        load,
        fields: [field(T.structures, structures), place, h('label', { class: 'check' }, fast, ' ', T.fast)],
        card,
        of() {
            const model = measuresHypothalamus(structures.value) ? network.value : '';
            return {
                // By another network only the hypothalamus is measured; everything else is asked for by name.
                ...(structures.value ? { structures: [structures.value] } : model ? { structures: ['all'] } : {}),
                ...(model ? { model } : {}), ...(fast.checked ? { fast: true } : {}),
            };
        },
    };
}

/** A folded card with the fields and a button. */
export function optionsCard(title, note, server, start, button) {
    const set = askOptions(server, start);
    return {
        of: set.of,
        element: h('details', { class: 'card screen again', ontoggle: (event) => { if (event.target.open) set.load(); } }, h('summary', {}, title),
            h('p', { class: 'soft' }, note), h('div', { class: 'fields' }, set.fields), set.card, button ? h('div', { class: 'row' }, button(set.of)) : null),
    };
}
