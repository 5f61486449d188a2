// Numbers, times and names as people read them; units as in the report of the program (report/volume_lines).
import T from './texts.js';

const MINUS = '\u2212';
const SPACE = '\u202f';

/** In mm³ are read what is small: the hypothalamus with its parts, the accumbens and the optic chiasm. */
export function unitOf(structure) {
    return /^(hypothalamus|accumbens|optic_chiasm)/.test(structure) ? 'mm³' : 'mL';
}

function grouped(text) {
    const [whole, rest] = text.split('.');
    const parts = whole.replace(/\B(?=(\d{3})+$)/g, SPACE);
    return rest === undefined ? parts : `${parts}.${rest}`;
}

/** A volume in the unit of its structure, without the unit; n/a for what was not measured. */
export function volume(mm3, structure) {
    if (mm3 === null || mm3 === undefined || !Number.isFinite(mm3)) return T.absent;
    if (unitOf(structure) === 'mm³') return grouped(mm3.toFixed(0));
    const ml = mm3 / 1000;
    return grouped(ml.toFixed(Math.abs(ml) < 99.995 ? 2 : Math.abs(ml) < 999.95 ? 1 : 0));
}

export function withUnit(mm3, structure) {
    const text = volume(mm3, structure);
    return text === T.absent ? text : `${text}${SPACE}${unitOf(structure)}`;
}

/** "+5.5", "−5.5", "0.0" */
export function signed(value, decimals = 1) {
    if (value === null || value === undefined || !Number.isFinite(value)) return '';
    const text = Math.abs(value).toFixed(decimals);
    return Number(text) === 0 ? text : (value < 0 ? MINUS : '+') + text;
}

export function plain(value, decimals) {
    if (value === null || value === undefined || !Number.isFinite(value)) return T.absent;
    return (value < 0 ? MINUS : '') + Math.abs(value).toFixed(decimals);
}

/** Of the intracranial volume: percent, with three digits that count. */
export function ofHead(percent) {
    if (percent === null || percent === undefined || !Number.isFinite(percent)) return '';
    return percent >= 10 ? percent.toFixed(1) : percent >= 0.1 ? percent.toFixed(2) : percent.toFixed(4);
}

export function percentile(value) {
    return value < 0.1 ? T.percentileBelow : value > 99.9 ? T.percentileAbove : value.toFixed(1);
}

export function seconds(left) {
    if (left === null || left === undefined) return T.timeUnknown;
    if (left < 1.5) return T.timeNearly;
    return left < 90 ? T.timeSeconds(Math.round(left)) : T.timeMinutes(Math.round(left / 60));
}

export function bytes(n) {
    return n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))}${SPACE}kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)}${SPACE}MB` : `${(n / 1e9).toFixed(2)}${SPACE}GB`;
}

/** A date of the server (ISO 8601) in the reader's own way. */
export function when(iso) {
    const date = new Date(iso);
    return Number.isNaN(date.getTime()) ? '' : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** "hypothalamus_posterior" → "Hypothalamus, posterior"; the server's own name where it gives one. */
export function structureName(structure, label) {
    const text = label || structure.replace(/_/g, ' ');
    return /^(csf|icv)$/i.test(text) ? text.toUpperCase() : text.charAt(0).toUpperCase() + text.slice(1);
}

export function sideName(hemi, name) {
    return hemi === 'L' ? T.left(name) : hemi === 'R' ? T.right(name) : name;
}
