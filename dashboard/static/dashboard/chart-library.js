// Loads ApexCharts from its CDN, or the local copy if the CDN fails or does not answer.

const CDN_PATIENCE_MS = 3000;
const LOCAL_PATIENCE_MS = 10000;

const load = (url, integrity, patience) =>
  new Promise((resolve, reject) => {
    if (!url) return reject(new Error("no address"));
    const script = document.createElement("script");
    // The browser checks integrity across origins only if the answer allows CORS.
    Object.assign(script, { src: url, integrity, crossOrigin: "anonymous" });
    script.onload = () => (window.ApexCharts ? resolve(window.ApexCharts) : reject(script));
    script.onerror = reject;
    // A proxy can drop the request, and then neither load nor error fires.
    setTimeout(reject, patience);
    document.head.append(script);
  });

export const loadChartLibrary = ({ chartCdnUrl, chartIntegrity, chartLocalUrl }) =>
  load(chartCdnUrl, chartIntegrity, CDN_PATIENCE_MS).catch(() =>
    load(chartLocalUrl, chartIntegrity, LOCAL_PATIENCE_MS),
  );
