import { useState } from 'preact/hooks'

/** A text with a button that copies it. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <div class="copyable">
      <pre>{text}</pre>
      <button type="button" onClick={copy} aria-label={`Copy ${what}`}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
