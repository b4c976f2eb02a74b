// The legends' buttons show and hide a series. The stylesheet hides it; the axis fits the rest.

export const listenToLegends = (figures, redraw) => {
  const toggle = (figure, button) => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    const hidden = figure.querySelectorAll('[data-series][aria-pressed="false"]');
    figure.dataset.hides = [...hidden].map(({ dataset }) => dataset.series).join(" ");
    redraw();
  };
  for (const figure of figures) {
    for (const button of figure.querySelectorAll("[data-series]")) {
      button.addEventListener("click", () => toggle(figure, button));
    }
  }
};
