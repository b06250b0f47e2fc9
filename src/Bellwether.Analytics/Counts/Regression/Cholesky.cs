namespace Bellwether.Analytics.Counts.Regression;

/// <summary>Symmetric positive definite systems of a few dozen unknowns, in place and without allocating; row-major, lower triangle.</summary>
static class Cholesky
{
    /// <summary>Replaces the lower triangle of A by L with A = LLᵀ; false when A is not positive definite to working accuracy.</summary>
    public static bool TryFactor(Span<double> a, int n)
    {
        for (var j = 0; j < n; j++)
        {
            var diagonal = a[j * n + j];
            var scale = diagonal;
            for (var k = 0; k < j; k++)
                diagonal -= a[j * n + k] * a[j * n + k];
            if (!(diagonal > scale * 1e-13))
                return false;
            var root = a[j * n + j] = Math.Sqrt(diagonal);
            for (var i = j + 1; i < n; i++)
            {
                var value = a[i * n + j];
                for (var k = 0; k < j; k++)
                    value -= a[i * n + k] * a[j * n + k];
                a[i * n + j] = value / root;
            }
        }
        return true;
    }

    /// <summary>Solves LLᵀx = b in place.</summary>
    public static void Solve(ReadOnlySpan<double> l, int n, Span<double> b)
    {
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++)
                b[i] -= l[i * n + k] * b[k];
            b[i] /= l[i * n + i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++)
                b[i] -= l[k * n + i] * b[k];
            b[i] /= l[i * n + i];
        }
    }

    /// <summary>The square roots of the diagonal of the inverse of LLᵀ: standard errors, where LLᵀ is an information matrix.</summary>
    public static double[] StandardErrors(ReadOnlySpan<double> l, int n)
    {
        var (errors, column) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            Array.Clear(column);
            column[i] = 1;
            Solve(l, n, column);
            errors[i] = Math.Sqrt(column[i]);
        }
        return errors;
    }
}
