// The start of the page: which page the address names, and the frame around it. Pages are functions (main, parts) → what ends them.
import { get, Failure } from './api.js';
import { h, put } from './dom.js';
import T from './texts.js';
import { problem } from './parts.js';

const pages = [
    [/^\/?$/, () => import('./page_home.js'), T.navScans],
    [/^\/scan\/([0-9a-zA-Z_-]+)(\/correct)?$/, () => import('./page_scan.js'), null],
    [/^\/groups$/, () => import('./page_groups.js'), T.navGroups],
    [/^\/group\/([0-9a-zA-Z_-]+)(\/.*)?$/, () => import('./page_group.js'), null],
    [/^\/models$/, () => import('./page_models.js'), T.navModels],
];
const links = [['#/', T.navScans, /^\/?$|^\/scan/], ['#/groups', T.navGroups, /^\/group/], ['#/models', T.navModels, /^\/models/]];

let end = null;
let turn = 0;
let first = true;
let shown = location.hash;
let stayed = null;

async function show() {
    if (location.hash === stayed) { stayed = null; return; }
    if (end?.mayLeave && location.hash !== shown && !await end.mayLeave()) {
        stayed = shown; // the address goes back; the page is still there
        location.hash = shown;
        return;
    }
    stayed = null;
    shown = location.hash;
    const mine = ++turn;
    const path = decodeURI(location.hash.replace(/^#/, '')) || '/';
    if (path === 'main') return; // "skip to the content"
    const main = document.getElementById('main');
    if (end) { end(); end = null; }
    put(document.getElementById('nav'), links.map(([href, text, match]) =>
        h('a', { href, 'aria-current': match.test(path) ? 'page' : null }, text)));
    const page = pages.find(([match]) => match.test(path));
    if (!page) {
        put(main, problem(new Failure(404, T.noPage, T.noPageRemedy)));
        return;
    }
    put(main, h('p', { class: 'soft', role: 'status' }, T.loading));
    main.className = '';
    try {
        const module = await page[1]();
        const ended = await module.show(main, path.match(page[0]).slice(1), () => mine === turn);
        if (mine !== turn) ended?.(); else end = ended;
    } catch (error) {
        if (mine === turn) put(main, problem(error));
    }
    if (!first && mine === turn) main.focus({ preventScroll: true });
    first = false;
}

addEventListener('hashchange', show);
get('/api/about').then((about) => {
    document.getElementById('where').textContent = T.where(about.version);
}).catch(() => {});
show();
