import { escapeHtml, policyOfStyle } from '../http/scriptless-page.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;color:light-dark(#171a21,#e8eaee)}
body{margin:0 .75rem;background:light-dark(#f6f7f9,#0e1014)}
main{max-width:26rem;margin:15vh auto 0;padding:1.5rem;border-radius:.625rem;background:light-dark(#fff,#16191f)}
h1{margin:0;font-size:1.25rem}p{overflow-wrap:anywhere}
a{display:inline-block;padding:.5rem 1rem;border-radius:.5rem;text-decoration:none}
a{background:light-dark(#1f63c9,#4c8fea);color:light-dark(#fff,#0b1220)}`;

export const REFUSED_POLICY = policyOfStyle(STYLE);

/** What somebody sees whom a sign-in elsewhere brought back without success: why, and how to go on. */
export function refusedPage(why: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Not signed in · StreamLens</title><style>${STYLE}</style>
<main><h1>You are not signed in</h1><p>${escapeHtml(why)}.</p><a href="/">Back to the sign-in page</a></main></html>`;
}
