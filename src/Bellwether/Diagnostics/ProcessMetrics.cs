using System.Diagnostics;

namespace Bellwether.Diagnostics;

/// <summary>What the operating system and the runtime say about this process, under the names that Prometheus dashboards expect.</summary>
public static class ProcessMetrics
{
    static readonly double Started = StartSeconds();

    public static void Write(PrometheusText text)
    {
        text.Single("process_cpu_seconds_total", "counter", "Processor time used, user and system",
            Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Single("process_resident_memory_bytes", "gauge", "Physical memory in use", Environment.WorkingSet);
        text.Single("process_start_time_seconds", "gauge", "Start of the process since the Unix epoch", Started);
        if (OpenFiles() is { } files) text.Single("process_open_fds", "gauge", "Open file descriptors", files);

        text.Family("dotnet_gc_collections_total", "counter", "Garbage collections by oldest generation collected");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            text.Sample("dotnet_gc_collections_total", $"generation=\"{generation}\"",
                GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0));
        text.Single("dotnet_gc_pause_seconds_total", "counter", "Time that garbage collection stopped the program",
            GC.GetTotalPauseDuration().TotalSeconds);
        text.Single("dotnet_gc_allocated_bytes_total", "counter", "Managed memory ever allocated", GC.GetTotalAllocatedBytes());
        text.Single("dotnet_gc_heap_bytes", "gauge", "Managed memory in use, with what is not yet collected", GC.GetTotalMemory(false));
        text.Single("dotnet_threadpool_threads", "gauge", "Threads of the pool", ThreadPool.ThreadCount);
        text.Single("dotnet_threadpool_queued_work_items", "gauge", "Work that waits for a thread of the pool",
            ThreadPool.PendingWorkItemCount);
    }

    static double StartSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0;
    }

    static int? OpenFiles()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        }
        catch (IOException)
        {
            return null; // no procfs
        }
    }
}
