import { connect } from "./host";
import { start } from "./start";

start(await connect());
