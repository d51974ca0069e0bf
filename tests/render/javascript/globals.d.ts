// What stands beside the scripts of a page: plotly.js, and what the scripts keep on elements.

declare const Plotly: any;

interface Element {
  card?: any;
  _fullLayout?: any;
  count?: number;
}

interface Uint8ArrayConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}
