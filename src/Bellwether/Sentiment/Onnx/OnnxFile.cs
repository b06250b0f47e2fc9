using System.Text;
using Bellwether.Sentiment.Classifier;

namespace Bellwether.Sentiment.Onnx;

/// <summary>What a model file holds, read from its outline without its weights.</summary>
/// <param name="Parameters">Numbers of the weights by type.</param>
/// <param name="ExternalFiles">Files beside it in which weights lie.</param>
/// <param name="Operators">Kinds of operations of the graph.</param>
sealed record OnnxFile(string? Producer, IReadOnlyDictionary<int, long> Parameters, IReadOnlySet<string> ExternalFiles,
    IReadOnlySet<string> Operators)
{
    const int Float = 1, UInt8 = 2, Int8 = 3, Float16 = 10;

    /// <summary>Type of most of the weights, for people.</summary>
    public string Precision => Parameters.Count == 0 ? "no weights" : Parameters.MaxBy(p => p.Value).Key switch
    {
        Float => "fp32",
        UInt8 or Int8 => "int8",
        Float16 => "fp16",
        var other => $"type {other}",
    };

    public long ParameterCount => Parameters.Values.Sum();

    /// <summary>
    /// Whether numbers are scaled by the range of the whole batch as they come, so that other texts would change a text's score.
    /// </summary>
    public bool ScalesByBatch => Operators.Contains("DynamicQuantizeLinear") || Operators.Contains("DynamicQuantizeMatMul");

    /// <exception cref="ModelFileException">The file is missing, cut off, or no model.</exception>
    public static OnnxFile Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            return new Reader(stream).Model();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ModelFileException(path, error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such model file",
                InvalidDataException or EndOfStreamException => $"this is no ONNX model, or it was cut off: {error.Message.TrimEnd('.')}",
                _ => $"it cannot be read: {error.Message.TrimEnd('.')}",
            }, "Copy or export the model again.", error);
        }
    }

    // The encoding is that of Protocol Buffers; the numbers of the fields are those of onnx.proto.
    sealed class Reader(FileStream stream)
    {
        const int Number = 0, Eight = 1, Bytes = 2, Four = 5;

        // More than any model has, and few enough that sums of them stay numbers.
        const long MostParameters = 1L << 40;

        // Conditions and loops within conditions and loops; no export comes near it.
        const int MostNested = 16;

        readonly Dictionary<int, long> _parameters = [];
        readonly HashSet<string> _external = new(StringComparer.Ordinal), _operators = new(StringComparer.Ordinal);
        string? _producer;
        long _all;
        int _nested;

        public OnnxFile Model()
        {
            var hasGraph = false;
            Each(stream.Length, (field, wire, end) =>
            {
                if (field == 2 && wire == Bytes) _producer = Text(end);
                else if (field == 7 && wire == Bytes)
                {
                    hasGraph = true;
                    Each(end, Graph);
                }
                // Functions that the graph calls as it calls operations.
                else if (field == 25 && wire == Bytes) Each(end, (f, w, e) => { if (f == 7 && w == Bytes) Node(e); });
            });
            return hasGraph ? new(_producer, _parameters, _external, _operators) : throw new InvalidDataException("it has no graph");
        }

        void Graph(int field, int wire, long end)
        {
            if (wire != Bytes) return;
            if (field == 1) Node(end);
            else if (field == 5) Weights(end);
        }

        void Node(long end)
        {
            if (++_nested > MostNested) throw new InvalidDataException($"its graphs lie within each other more than {MostNested} deep");
            Each(end, (field, wire, inner) =>
            {
                if (field == 4 && wire == Bytes) _operators.Add(Text(inner));
                else if (field == 5 && wire == Bytes) Each(inner, Attribute);
            });
            _nested--;
        }

        // Constants have their numbers here, conditions and loops their graphs.
        void Attribute(int field, int wire, long end)
        {
            if (wire != Bytes) return;
            if (field is 5 or 10) Weights(end);
            else if (field is 6 or 11) Each(end, Graph);
        }

        void Weights(long end)
        {
            var (type, count) = (0, 1L);
            Each(end, (field, wire, inner) =>
            {
                switch (field, wire)
                {
                    case (1, Number): count = Times(count, Varint()); break;
                    case (1, Bytes): while (stream.Position < inner) count = Times(count, Varint()); break;
                    case (2, Number): type = (int)Varint(); break;
                    case (13, Bytes): External(inner); break;
                }
            });
            _all += count;
            if (_all > MostParameters) throw Huge();
            _parameters[type] = _parameters.GetValueOrDefault(type) + count;
        }

        static long Times(long count, ulong size) =>
            size == 0 || count == 0 ? 0 : size <= (ulong)(MostParameters / count) ? count * (long)size : throw Huge();

        static InvalidDataException Huge() => new($"it claims to have more than {MostParameters:n0} numbers");

        void External(long end)
        {
            var (key, value) = ("", "");
            Each(end, (field, wire, inner) =>
            {
                if (field == 1 && wire == Bytes) key = Text(inner);
                else if (field == 2 && wire == Bytes) value = Text(inner);
            });
            if (key == "location") _external.Add(value);
        }

        // Calls for each field with the place where it ends, and goes on from there, however much was read.
        void Each(long end, Action<int, int, long> visit)
        {
            while (stream.Position < end)
            {
                var key = Varint();
                var (field, wire) = ((int)(key >> 3), (int)(key & 7));
                if (field == 0) throw new InvalidDataException($"there is no field at byte {stream.Position:n0}");
                if (wire == Number)
                {
                    var before = stream.Position;
                    visit(field, wire, end);
                    if (stream.Position == before) Varint();
                    continue;
                }
                var length = wire switch { Bytes => (long)Varint(), Eight => 8, Four => 4, _ => -1 };
                if (field == 0 || length < 0 || length > end - stream.Position)
                    throw new InvalidDataException($"what begins at byte {stream.Position:n0} ends beyond what holds it");
                var next = stream.Position + length;
                visit(field, wire, next);
                stream.Position = next;
            }
            if (stream.Position > end) throw new InvalidDataException($"what ends at byte {stream.Position:n0} should end at {end:n0}");
        }

        string Text(long end)
        {
            var bytes = new byte[Math.Min(end - stream.Position, 4_096)];
            stream.ReadExactly(bytes);
            return Encoding.UTF8.GetString(bytes);
        }

        ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = stream.ReadByte();
                if (next < 0) throw new EndOfStreamException("the file ends in the middle of a number");
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80) return value;
            }
            throw new InvalidDataException($"there is no number at byte {stream.Position:n0}");
        }
    }
}
