/** Parts of a Markdown text. */

/** The rows of every table whose header starts with these words, as trimmed cells. */
export function tableRows(text: string, ...header: string[]): string[][] {
  const rows: string[][] = []
  let inside = false
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : []
    const trimmed = cells.map(cell => cell.trim())
    if (cells.length === 0) inside = false
    else if (header.every((word, i) => trimmed[i] === word)) inside = true
    else if (inside && !/^-+$/.test(trimmed[0] ?? '')) rows.push(trimmed)
  }
  return rows
}

/** Fenced blocks in order, those of a list item too. */
export function blocksOf(text: string): { language: string; content: string }[] {
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', content = '']) => ({
      language,
      content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}
