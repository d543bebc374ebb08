export default function AdminPlace() {
  return <main className="place" />;
}
