using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Bellwether.App.Bench;

/// <summary>Writes graphs in the form of onnx.proto, as far as a BERT needs it.</summary>
/// <param name="weightsFile">File beside the graph for the larger weights; null to keep all in the graph.</param>
sealed class OnnxWriter(string? weightsFile)
{
    public const int Float = 1, Int8 = 3, Int32 = 6, Int64 = 7;

    const int Varint = 0, Bytes = 2, Fixed32 = 5;
    const int AttributeFloat = 1, AttributeInt = 2, AttributeInts = 7;
    const int InAnotherFile = 1;
    const long IrVersion = 8, OperatorSet = 17;

    readonly List<byte[]> _nodes = [], _initializers = [], _inputs = [], _outputs = [];
    readonly MemoryStream _external = new();
    int _names;

    /// <summary>A name that nothing else has.</summary>
    public string Name() => $"t{_names++}";

    public string Node(string op, string[] inputs, params (string Name, object Value)[] attributes) => Node(op, inputs, 1, attributes)[0];

    public string[] Node(string op, string[] inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(_ => Name())];
        _nodes.Add(Message(node =>
        {
            foreach (var input in inputs) node.Text(1, input);
            foreach (var output in names) node.Text(2, output);
            node.Text(4, op);
            foreach (var (name, value) in attributes) node.Bytes(5, Attribute(name, value));
        }));
        return names;
    }

    static byte[] Attribute(string name, object value) => Message(attribute =>
    {
        attribute.Text(1, name);
        switch (value)
        {
            case float number:
                attribute.Single(2, number);
                attribute.Number(20, AttributeFloat);
                break;
            case int number:
                attribute.Number(3, number);
                attribute.Number(20, AttributeInt);
                break;
            case long[] numbers:
                foreach (var number in numbers) attribute.Number(8, number);
                attribute.Number(20, AttributeInts);
                break;
            default:
                throw new ArgumentException($"no attribute can hold {value}", nameof(value));
        }
    });

    public string Weights(string name, float[] values, params long[] shape) => Weights(name, Float, MemoryMarshal.AsBytes(values.AsSpan()), shape);

    public string Weights(string name, sbyte[] values, params long[] shape) => Weights(name, Int8, MemoryMarshal.AsBytes(values.AsSpan()), shape);

    public string Weights(string name, long[] values, params long[] shape) => Weights(name, Int64, MemoryMarshal.AsBytes(values.AsSpan()), shape);

    string Weights(string name, int type, ReadOnlySpan<byte> raw, long[] shape)
    {
        var bytes = raw.ToArray();
        _initializers.Add(Message(tensor =>
        {
            foreach (var size in shape) tensor.Number(1, size);
            tensor.Number(2, type);
            tensor.Text(8, name);
            // Small ones tell shapes, which the runtime wants to know before it reads weights.
            if (weightsFile is null || bytes.Length < 256)
            {
                tensor.Bytes(9, bytes);
                return;
            }
            tensor.Bytes(13, Entry("location", weightsFile));
            tensor.Bytes(13, Entry("offset", $"{_external.Length}"));
            tensor.Bytes(13, Entry("length", $"{bytes.Length}"));
            tensor.Number(14, InAnotherFile);
            _external.Write(bytes);
        }));
        return name;

        static byte[] Entry(string key, string value) => Message(entry =>
        {
            entry.Text(1, key);
            entry.Text(2, value);
        });
    }

    /// <param name="shape">A negative size is free.</param>
    public void Input(string name, int type, params long[] shape) => _inputs.Add(Value(name, type, shape));

    public void Output(string from, string name, int type, params long[] shape)
    {
        _nodes.Add(Message(node =>
        {
            node.Text(1, from);
            node.Text(2, name);
            node.Text(4, "Identity");
        }));
        _outputs.Add(Value(name, type, shape));
    }

    static byte[] Value(string name, int type, long[] shape) => Message(value =>
    {
        value.Text(1, name);
        value.Bytes(2, Message(kind => kind.Bytes(1, Message(tensor =>
        {
            tensor.Number(1, type);
            tensor.Bytes(2, Message(dimensions =>
            {
                for (var i = 0; i < shape.Length; i++)
                {
                    var (size, free) = (shape[i], $"d{i}");
                    dimensions.Bytes(1, Message(dimension =>
                    {
                        if (size < 0) dimension.Text(2, free);
                        else dimension.Number(1, size);
                    }));
                }
            }));
        }))));
    });

    public byte[] Build(string producer, out byte[] external)
    {
        external = _external.ToArray();
        return Build(producer);
    }

    byte[] Build(string producer) => Message(model =>
    {
        model.Number(1, IrVersion);
        model.Text(2, producer);
        model.Bytes(7, Message(graph =>
        {
            foreach (var node in _nodes) graph.Bytes(1, node);
            graph.Text(2, "bert");
            foreach (var tensor in _initializers) graph.Bytes(5, tensor);
            foreach (var input in _inputs) graph.Bytes(11, input);
            foreach (var output in _outputs) graph.Bytes(12, output);
        }));
        model.Bytes(8, Message(set =>
        {
            set.Text(1, "");
            set.Number(2, OperatorSet);
        }));
    });

    static byte[] Message(Action<Fields> write)
    {
        var fields = new Fields();
        write(fields);
        return fields.ToArray();
    }

    sealed class Fields
    {
        readonly MemoryStream _to = new();

        public void Number(int field, long value)
        {
            Key(field, Varint);
            Raw((ulong)value);
        }

        public void Single(int field, float value)
        {
            Key(field, Fixed32);
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(four, value);
            _to.Write(four);
        }

        public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public void Bytes(int field, byte[] value)
        {
            Key(field, OnnxWriter.Bytes);
            Raw((ulong)value.Length);
            _to.Write(value);
        }

        public byte[] ToArray() => _to.ToArray();

        void Key(int field, int wire) => Raw((ulong)(field << 3 | wire));

        void Raw(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _to.WriteByte((byte)(value | 0x80));
            _to.WriteByte((byte)value);
        }
    }
}
