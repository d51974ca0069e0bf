// Expressions of `--where`, as tbtools/runs/where.py reads them and tbtools/runs/matching.py answers them.

import { matcher } from "./dom.js";
import { formatNumber } from "./format.js";

const PROPERTIES = ["run", "status", "steps", "duration"];
const FORMS = ["first", "last", "min", "max", "end"];
const STATES = ["training", "finished", "stopped", "stalled", "empty", "unreadable"];
const WORDS = { true: true, false: false, none: null, null: null };
const SECONDS = { s: 1, m: 60, min: 60, h: 3600, d: 86400 };
const DEEPEST = 50;
const MISSING = Symbol("missing");
const TOKEN =
  /(?<quoted>'[^']*'|"[^"]*")|(?<relation><=|>=|==|!=|!~|[<>=~])|(?<bracket>[()])|(?<word>[^\s<>=!~()'"]+)|(?<blank>\s+)|(?<wrong>.)/gsu;
const ORDERS = {
  "<": (value, wanted) => value < wanted,
  "<=": (value, wanted) => value <= wanted,
  ">": (value, wanted) => value > wanted,
  ">=": (value, wanted) => value >= wanted,
};

function asNumber(value) {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^[+-]?inf(inity)?$/i.test(text)) return text[0] === "-" ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(text) ? NaN : null;
}

function asDuration(text) {
  const match = /^(\d+\.?\d*|\.\d+)(s|m|min|h|d)$/.exec(text);
  return match ? Number(match[1]) * SECONDS[match[2]] : asNumber(text);
}

// As Python's fnmatchcase.
function globbed(value, glob) {
  let pattern = "";
  for (let i = 0; i < glob.length; i++) {
    const end = glob[i] === "[" ? glob.indexOf("]", i + (glob[i + 1] === "!" ? 3 : 2)) : -1;
    if (end > 0) {
      const inner = glob.slice(i + 1, end).replace(/[\\\]^[]/g, "\\$&");
      pattern += inner[0] === "!" ? `[^${inner.slice(1)}]` : `[${inner}]`;
      i = end;
    } else if (glob[i] === "*") pattern += "[^]*";
    else if (glob[i] === "?") pattern += "[^]";
    else pattern += glob[i].replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
  }
  return new RegExp(`^(?:${pattern})$`, "u").test(textOf(value));
}

function textOf(value) {
  if (typeof value === "number") return Number.isInteger(value) ? String(BigInt(value)) : formatNumber(value);
  return String(value);
}

function equal(value, wanted) {
  if (typeof wanted === "string") return wanted === textOf(value);
  const word = typeof value === "string" ? value.toLowerCase() : "";
  const meant = Object.hasOwn(WORDS, word) ? WORDS[word] : value;
  if (wanted === null) return meant === null;
  const number = asNumber(meant);
  return number !== null && (number === Number(wanted) || (Number.isNaN(number) && Number.isNaN(wanted)));
}

// Whether a comparison is true of a run; null where the run does not have what is compared.
function compare({ relation, wanted, ...of }, values) {
  const value = values(of);
  if (value === MISSING) return null;
  if (relation in ORDERS) {
    const number = asNumber(value);
    return number === null ? null : ORDERS[relation](number, wanted);
  }
  const isSame = relation.includes("~") ? globbed : equal;
  const same = (Array.isArray(value) ? value : [value]).some((each) => isSame(each, wanted));
  return same !== relation.startsWith("!");
}

class Parser {
  constructor(text, kinds) {
    this.kinds = kinds;
    this.names = [];
    this.tokens = [];
    for (const match of text.matchAll(TOKEN)) {
      const [type] = Object.entries(match.groups).find(([, found]) => found !== undefined);
      if (type === "wrong") throw new Error(/['"]/.test(match[0]) ? "a quote has no end" : `${match[0]} means nothing`);
      if (type !== "blank") this.tokens.push({ type, text: match[0] });
    }
    this.tokens.push({ type: "end", text: "" });
  }

  is(text) {
    return this.tokens[0].text === text;
  }

  joined(word, decisive, part) {
    const parts = [part()];
    while (this.is(word)) {
      this.tokens.shift();
      parts.push(part());
    }
    if (parts.length === 1) return parts[0];
    return (values) => {
      const truths = parts.map((each) => each(values));
      if (truths.includes(decisive)) return decisive;
      return truths.includes(null) ? null : !decisive;
    };
  }

  any(depth) {
    return this.joined("or", true, () => this.joined("and", false, () => this.one(depth)));
  }

  one(depth) {
    if (depth > DEEPEST) throw new Error(`more than ${DEEPEST} levels of brackets and nots`);
    if (this.is("not")) {
      this.tokens.shift();
      const inner = this.one(depth + 1);
      return (values) => {
        const truth = inner(values);
        return truth === null ? null : !truth;
      };
    }
    if (!this.is("(")) return this.comparison();
    this.tokens.shift();
    const inner = this.any(depth + 1);
    if (!this.is(")")) throw new Error("a ) is missing, or an and or or");
    this.tokens.shift();
    return inner;
  }

  // A word, or a text in quotes without these.
  name(what) {
    const { type, text } = this.tokens.shift();
    if (type !== "word" && type !== "quoted") throw new Error(`expected ${what}`);
    return { quoted: type === "quoted", text: type === "quoted" ? text.slice(1, -1) : text };
  }

  comparison() {
    const token = this.name("the name of a hyperparameter or tag");
    let { text: name } = token;
    let form = "";
    if (!token.quoted && this.is("(")) {
      form = name === "final" ? "last" : name;
      if (!FORMS.includes(form)) throw new Error(`${form}(…) is none of ${FORMS.join(", ")}`);
      this.tokens.shift();
      ({ text: name } = this.name(`one tag in ${form}(…)`));
      if (this.tokens.shift().text !== ")") throw new Error(`expected one tag in ${form}(…)`);
    }
    const isProperty = !form && !token.quoted && PROPERTIES.includes(name);
    const { type, text: said } = this.tokens.shift();
    if (type !== "relation") throw new Error(`expected < <= > >= == != ~ !~ behind ${name}`);
    const relation = said === "=" ? "==" : said;
    const literal = this.name("a number or a text");
    const wanted = this.literal(literal, relation, isProperty ? name : "");
    const found = { name, form, isProperty, relation, wanted };
    found.asksKinds =
      isProperty && name === "status" && Object.values(this.kinds).some((kind) => globbed(kind, wanted));
    this.names.push(found);
    return (values) => compare(found, values);
  }

  literal({ quoted, text }, relation, of) {
    if (of === "status") return this.status(text, relation.includes("~"));
    if (relation.includes("~")) return text;
    let number = quoted ? null : asNumber(text);
    if (of === "duration") number ??= asDuration(text);
    if (number === null && (relation in ORDERS || of === "steps" || of === "duration"))
      throw new Error("expected a number");
    if (quoted || of === "run") return text;
    const word = text.toLowerCase();
    return number ?? (Object.hasOwn(WORDS, word) ? WORDS[word] : text);
  }

  status(text, isGlob) {
    const known = [...STATES, ...Object.keys(this.kinds)];
    if (!known.some((word) => (isGlob ? globbed(word, text) : word === text)))
      throw new Error(`no status ${text}; there are ${known.join(", ")}`);
    return Object.hasOwn(this.kinds, text) ? this.kinds[text] : text;
  }
}

// The shortest decimal that reads back as a float32.
function meant(value) {
  for (let digits = 6; digits < 10; digits++) {
    const found = Number(value.toPrecision(digits));
    if (Math.fround(found) === value) return found;
  }
  return value;
}

function numbersOf(page) {
  const found = new Map();
  const narrow = page.array(page.asked.narrow);
  page.series.forEach(({ run, tag }, i) => {
    const { tag: name } = page.tags[tag];
    if (!found.has(name)) found.set(name, new Map());
    const at = (form) => {
      const value = page.array(page.asked.numbers[form])[i];
      return narrow[i] && Number.isFinite(value) && form !== "end" ? meant(value) : value;
    };
    found.get(name).set(run, at);
  });
  return found;
}

function status({ status: state, patience, found }, end, asksKinds) {
  const recent = state === "training" && Math.abs(Date.now() / 1000 - end) <= patience;
  const now = state === "training" && !recent ? "stopped" : state;
  if (!asksKinds) return now;
  return found ? [...found, now] : MISSING;
}

// What is known of a run, as `_Facts` in matching.py has it.
function askedValue(page, numbers, hparams, run, { name, form, isProperty, asksKinds }) {
  const asked = page.asked.runs[run];
  if (isProperty) {
    if (name === "run") return page.runs[run].name;
    if (name === "status") return status(asked, page.runs[run].end, asksKinds);
    return asked[name] ?? MISSING;
  }
  if (!form && hparams.has(name)) return Object.hasOwn(asked.hparams, name) ? asked.hparams[name] : MISSING;
  const value = numbers.get(name)?.get(run)?.(form || "last");
  if (value === undefined) return MISSING;
  return (form === "min" || form === "max") && Number.isNaN(value) ? MISSING : value;
}

// A filter of runs by an expression: whether it is true of a run. Throws where it is none, or names what
// no run has.
export function parseWhere(page, text) {
  const parser = new Parser(text, page.asked.kinds);
  const root = parser.any(0);
  if (parser.tokens[0].type !== "end") throw new Error("expected and, or, or the end; names with blanks want quotes");
  page.askedNumbers ??= numbersOf(page);
  const hparams = new Set(page.asked.runs.flatMap((run) => Object.keys(run.hparams)));
  for (const { name, form, isProperty } of parser.names) {
    if (isProperty || page.askedNumbers.has(name) || (!form && hparams.has(name))) continue;
    throw new Error(`no run has a ${form ? "scalar" : "hyperparameter or scalar"} ${name}`);
  }
  return (run) => root((of) => askedValue(page, page.askedNumbers, hparams, run, of)) === true;
}

// The runs that the two filters of runs leave: by name, and by an expression; what is none leaves all.
export function filteredRuns(page, state) {
  const matches = matcher(state.runFilter);
  /** @type {(run: number) => boolean} */
  let holds = () => true;
  try {
    if (state.where.trim()) holds = parseWhere(page, state.where);
  } catch {
    // The field says so.
  }
  return [...page.runs.keys()].filter((run) => matches(page.runs[run].name) && holds(run));
}
