// What somebody who means harm, or somebody from elsewhere, would send as a name or a value.
const elsewhere = 'http://elsewhere.example/x';

export const payloads: readonly string[] = [
  // markup and scripts
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg/onload=alert(1)>',
  '</textarea></title></style></script><script>alert(1)</script>',
  `<iframe src="${elsewhere}"></iframe>`,
  `<link rel=stylesheet href=${elsewhere}>`,
  `<base href="${elsewhere}">`,
  `<meta http-equiv=refresh content="0;url=${elsewhere}">`,
  '<form action=javascript:alert(1)><button autofocus>go</button>',
  "'-alert(1)-'",
  '`$\u007balert(1)}`',
  // templates
  '{{constructor.constructor("alert(1)")()}}',
  '$\u007balert(1)}',
  '<%= alert(1) %>',
  // styles
  `</style><style>*{background:url(${elsewhere})}</style>`,
  `red;background:url(${elsewhere})`,
  `expression(alert(1)); @import "${elsewhere}"`,
  // addresses
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  `//elsewhere.example/x`,
  '../../../etc/passwd',
  '%3Cscript%3Ealert(1)%3C/script%3E%00',
  // names that mean something to JavaScript
  '__proto__',
  'constructor',
  'toString',
  '[object Object]',
  // formulas
  `=HYPERLINK("${elsewhere}","x")`,
  // direction, nothing visible, many of it
  '\u202egnp.exe\u2066',
  'שלום עולם <b>العربية</b>',
  '\u200b\ufeff\u200d',
  'a\u0000b\u0007c\u001b[31md',
  '👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿'.repeat(8),
  `Z${'\u0335\u0321\u0354\u0301'.repeat(20)}algo`,
  '﷽'.repeat(20),
  'W'.repeat(200),
  'line\r\nbreak\tand tab',
  `\ud83d`,
];

/** Values that are too large for a name. */
export const huge: readonly unknown[] = [
  'A'.repeat(12_000),
  Array.from({ length: 500 }, (_, i) => `<b>${i}</b>`),
  Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`<i>${i}</i>`, { deep: [payloads[0], i, null, true] }])),
  1e308,
  -0.1,
  9_007_199_254_740_991,
  '9999-12-31T23:59:59Z',
  '12345678901234567890',
];
