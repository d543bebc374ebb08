export default function PipelinePlace() {
  return <main className="place" />;
}
