/**
 * Settings of the embedded server, given on its command line so that they are always those of this code. The four that
 * keep what is committed are explicit although they are the defaults; `probeServer` asserts them after every start.
 */
export function serverSettings(port: number): { readonly [name: string]: string } {
  return {
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // Loopback only, and no socket in a folder that others can enter.
    listen_addresses: '127.0.0.1',
    port: `${port}`,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: '32',
    shared_buffers: '256MB',
    // The new rows of a settlement, and their sums by entry, stay in memory while the statement trigger reads them.
    work_mem: '32MB',
    // Small containers have 64 MB of shared memory, and two cores have better things to do.
    max_parallel_workers_per_gather: '0',
    jit: 'off',
    // Fewer checkpoints mean fewer full page images in the write-ahead log.
    max_wal_size: '2GB',
    min_wal_size: '256MB',
    checkpoint_timeout: '15min',
    wal_level: 'replica',
    max_logical_replication_workers: '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] %q%u ',
    // A statement may hold a password or a client's text.
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    cluster_name: 'sluice',
  };
}
