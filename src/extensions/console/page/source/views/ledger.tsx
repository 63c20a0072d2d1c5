export function LedgerView() { return <p />; }
