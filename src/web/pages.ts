import type { Assets } from "./assets.ts";

/** The one HTML page of the dashboard; the script draws the rest. `hasSession` offers signing out. Pure. */
export function appPage(assets: Assets, hasSession: boolean): string {
  return document(
    assets,
    { title: "Vitrine", hasSession },
    `<div id="app"><p class="boot" role="status">Loading today&rsquo;s figures&hellip;</p></div>
<noscript><p class="boot">This page needs JavaScript. It comes from the gateway itself, nothing else is loaded.</p></noscript>
<script type="module" src="${assets["app.js"].url}"></script>`,
  );
}

/** The sign-in page; `message` is shown above the field when a try failed. Works without any script. Pure. */
export function signInPage(assets: Assets, message: string | null): string {
  const fault =
    message === null
      ? ""
      : `<p class="sign-in-fault" id="fault" role="alert">${escapeHtml(message)}</p>`;
  const described = message === null ? "" : ' aria-describedby="fault" aria-invalid="true"';
  return document(
    assets,
    { title: "Sign in \u2013 Vitrine", hasSession: false },
    `<main class="sign-in">
<h1><img class="mark" src="${assets["icon.svg"].url}" alt="" width="36" height="36">Vitrine</h1>
<p>This dashboard belongs to a shop. Sign in with the password of this gateway.</p>
${fault}
<form method="post" action="/login">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus maxlength="256"${described}>
<button type="submit">Sign in</button>
</form>
<p class="quiet">Lost it? Whoever installed the gateway can set a new one (<code>web.passwordFile</code>).</p>
</main>`,
  );
}

interface Head {
  readonly title: string;
  readonly hasSession: boolean;
}

function document(assets: Assets, head: Head, body: string): string {
  return `<!doctype html>
<html lang="en"${head.hasSession ? " data-session" : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${head.title}</title>
<link rel="icon" href="${assets["icon.svg"].url}" type="image/svg+xml">
<script src="${assets["theme.js"].url}"></script>
<link rel="stylesheet" href="${assets["app.css"].url}">
</head>
<body>
${body}
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
