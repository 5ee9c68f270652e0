/** The product's sign, for tabs of browsers and for the chart. `npm run generate` copies it to docs/icon.svg. */
export const ICON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="Eyrie">
  <rect width="64" height="64" rx="14" fill="#1f3a4d"/>
  <path d="M8 46 24 20l9 14 6-9 17 21z" fill="#5f8ca8"/>
  <path d="M14 22c8-6 14-4 18 2 4-6 10-8 18-2-6 0-10 2-13 7l-5 5-5-5c-3-5-7-7-13-7z" fill="#f2c14e"/>
</svg>
`;
