// The policy under which text may become part of the page as markup: none that has a tag in it. What passes are the
// style sheets that components make.
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): unknown;
}

const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
types?.createPolicy('default', {
  createHTML: (text) => {
    if (text.includes('<')) throw new TypeError('markup is made of elements, never of text');
    return text;
  },
});
