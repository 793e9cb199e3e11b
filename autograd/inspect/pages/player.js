// The backprop player, all together.

function showStep(now) {
  showMap(now);
  showPanel([shows[steps[now].kind](steps[now], now)]);
}

const stepper = new Stepper(steps.length, showStep, sayStep);
addEventListener("resize", () => showMap(stepper.step));
showPage(stepper, mapElement, panelElement);
