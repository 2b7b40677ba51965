import "./copying.js";
import { keepLive } from "./live.js";

keepLive();
