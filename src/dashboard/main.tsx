import { render } from 'preact';
import { App } from './app.tsx';
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/layout.css';
import './style/panels.css';
import './style/tables.css';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
