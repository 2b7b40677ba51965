// Small improvements of every page. Nothing here is needed to use it.
import "./copying.js";
