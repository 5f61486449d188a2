// The little of Markdown that the cards of the networks use: headings, paragraphs, lists, tables, code, bold and links. As elements, never HTML.
import { h } from './dom.js';

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)]+)\)/g;

function inline(text) {
    const out = [];
    let at = 0;
    for (const match of text.matchAll(INLINE)) {
        out.push(text.slice(at, match.index));
        if (match[1] !== undefined) out.push(h('code', {}, match[1]));
        else if (match[2] !== undefined) out.push(h('strong', {}, match[2]));
        else out.push(/^https?:\/\//.test(match[4]) ? h('a', { href: match[4], rel: 'noreferrer noopener', target: '_blank' }, match[3]) : match[3]);
        at = match.index + match[0].length;
    }
    out.push(text.slice(at));
    return out;
}

function table(lines) {
    const cells = (line) => line.trim().replace(/^\||\|$/g, '').split('|').map((c) => c.trim());
    const [head, , ...rows] = lines;
    return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': cells(head)[0] || 'table' }, h('table', {},
        h('thead', {}, h('tr', {}, cells(head).map((c) => (c === '' ? h('td', {}) : h('th', { scope: 'col' }, inline(c)))))),
        h('tbody', {}, rows.map((r) => h('tr', {}, cells(r).map((c) => h('td', {}, inline(c))))))));
}

export function markdown(text) {
    const out = [];
    const lines = text.split('\n');
    for (let i = 0; i < lines.length;) {
        const line = lines[i];
        const take = (more) => { const from = i; while (i < lines.length && more(lines[i])) ++i; return lines.slice(from, i); };
        if (line.trim() === '') { ++i; } else if (line.startsWith('```')) {
            ++i;
            out.push(h('pre', {}, take((l) => !l.startsWith('```')).join('\n')));
            ++i;
        } else if (/^#{1,6} /.test(line)) {
            const level = Math.min(6, line.match(/^#+/)[0].length + 2); // below the heading of the card
            out.push(h(`h${level}`, {}, inline(line.replace(/^#+ /, ''))));
            ++i;
        } else if (line.startsWith('|')) { out.push(table(take((l) => l.startsWith('|')))); } else if (/^[-*] /.test(line)) {
            const items = [];
            for (const l of take((x) => /^([-*] |\s+\S)/.test(x))) {
                if (/^[-*] /.test(l)) items.push(l.slice(2)); else items[items.length - 1] += ` ${l.trim()}`;
            }
            out.push(h('ul', {}, items.map((item) => h('li', {}, inline(item)))));
        } else if (/^( {4}|\t)/.test(line)) { out.push(h('pre', {}, take((l) => /^( {4}|\t)/.test(l)).join('\n'))); } else {
            out.push(h('p', {}, inline(take((l) => l.trim() !== '' && !/^(#{1,6} |\||[-*] |```)/.test(l)).join(' '))));
        }
    }
    return out;
}
