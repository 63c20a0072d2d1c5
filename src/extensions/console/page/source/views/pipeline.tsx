export function PipelineView() { return <p />; }
