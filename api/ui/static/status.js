import { keepLive } from "./live.js";

keepLive();
