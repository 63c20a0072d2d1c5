// The colours before the first paint: those that the reader has chosen, otherwise the system's.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null; // storage may be forbidden
    }
  };
  const apply = () => {
    const chosen = stored();
    const isChosen = chosen === 'light' || chosen === 'dark';
    document.documentElement.dataset.theme = isChosen ? chosen : dark.matches ? 'dark' : 'light';
    dispatchEvent(new Event('theme'));
  };
  apply();
  dark.addEventListener('change', apply);
})();
