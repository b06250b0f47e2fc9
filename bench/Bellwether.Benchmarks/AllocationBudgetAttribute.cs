using System.Reflection;
using BenchmarkDotNet.Reports;

namespace Bellwether.Benchmarks;

/// <summary>Most bytes that one operation may allocate.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllocationBudgetAttribute(long bytes) : Attribute
{
    public long Bytes { get; } = bytes;

    public static string? Check(BenchmarkReport report)
    {
        var descriptor = report.BenchmarkCase.Descriptor;
        if (descriptor.WorkloadMethod.GetCustomAttribute<AllocationBudgetAttribute>() is not { } budget) return null;
        var bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
        return bytes is null ? $"{descriptor.DisplayInfo}: allocation was not measured"
            : bytes <= budget.Bytes ? null
            : $"{descriptor.DisplayInfo}: {bytes} bytes an operation, budget {budget.Bytes}";
    }
}
