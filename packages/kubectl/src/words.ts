// A command line as words, as a POSIX shell would split it: quotes and backslashes, no expansion.

/** Splits a line into words. Throws RangeError for a quote that is not closed. @public */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  for (let index = 0; index < line.length; index++) {
    const char = line[index] as string;
    if (char === "'" || char === '"') {
      inWord = true;
      const end = findQuote(line, index + 1, char);
      if (end < 0) throw new RangeError(`kubectl: unterminated ${char} in: ${line}`);
      const inner = line.slice(index + 1, end);
      word += char === '"' ? inner.replace(/\\(["\\$`])/g, '$1') : inner;
      index = end;
    } else if (char === '\\' && index + 1 < line.length) {
      inWord = true;
      word += line[++index] as string;
    } else if (/\s/.test(char)) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      inWord = true;
      word += char;
    }
  }
  if (inWord) words.push(word);
  return words;
}

function findQuote(line: string, from: number, quote: string): number {
  for (let index = from; index < line.length; index++) {
    if (quote === '"' && line[index] === '\\') index++;
    else if (line[index] === quote) return index;
  }
  return -1;
}
