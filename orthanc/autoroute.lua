-- Route what lumbar-node analyses to it, object by object as it arrives: the node itself waits until a
-- study is complete. Everything else stays here, the node's own results above all: a SEG, SR, PDF or
-- Secondary Capture is of none of these SOP classes (PS3.4 B.5).

local ANALYSED = {
  ['1.2.840.10008.5.1.4.1.1.2'] = true,      -- CT Image Storage
  ['1.2.840.10008.5.1.4.1.1.2.1'] = true,    -- Enhanced CT Image Storage
  ['1.2.840.10008.5.1.4.1.1.2.2'] = true,    -- Legacy Converted Enhanced CT Image Storage
  ['1.2.840.10008.5.1.4.1.1.4'] = true,      -- MR Image Storage
  ['1.2.840.10008.5.1.4.1.1.4.1'] = true,    -- Enhanced MR Image Storage
  ['1.2.840.10008.5.1.4.1.1.4.4'] = true,    -- Legacy Converted Enhanced MR Image Storage
}

function OnStoredInstance(instanceId, tags, metadata, origin)
  if ANALYSED[tags['SOPClassUID']] then
    SendToModality(instanceId, 'lumbar-node')
  end
end
