// As much of a test framework as the property suite asks for: describe, it, it.each, expect(…).toBe and .toEqual.

/** The functions that a suite imports, and the tests that it names with them. */
export function testApi() {
  const tests = [];
  const titles = [];
  const it = (title, run) => { tests.push({ name: [...titles, title].join(' '), run }); };
  it.each = (rows) => (title, run) => rows.forEach((row) => {
    const args = Array.isArray(row) ? row : [row];
    it(fill(title, args), () => run(...args));
  });
  const describe = (title, body) => {
    titles.push(title);
    body();
    titles.pop();
  };
  return { api: { describe, it, expect }, tests };
}

/** Only mutants' tests are told apart by it, so that every argument counts, named or not. */
function fill(title, args) {
  return `${title} ${JSON.stringify(args)}`;
}

function expect(value, message = '') {
  const check = (isRight, what, wanted) => {
    if (!isRight) throw new Error(`${message}: expected ${show(value)} ${what} ${show(wanted)}`);
  };
  return {
    toBe: (wanted) => check(Object.is(value, wanted), 'to be', wanted),
    toEqual: (wanted) => check(isEqual(value, wanted), 'to equal', wanted),
    not: { toBe: (wanted) => check(!Object.is(value, wanted), 'not to be', wanted) },
  };
}

function show(value) {
  return String(JSON.stringify(value)).slice(0, 300);
}

/** Equal as data: what is undefined is not there. */
function isEqual(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  return Object.keys(a).every((key) => isEqual(a[key], b[key])) && Object.keys(b).every((key) => key in a || b[key] === undefined);
}
